"""What is called a secret: behind a name, a header, a query's key, a command's option."""

from watchdog.redaction.formats.format import HEX, A, B, Format

RFC_HEADERS = "https://datatracker.ietf.org/doc/html/rfc9110#section-11.6.2"
RFC_BEARER = "https://datatracker.ietf.org/doc/html/rfc6750"
CURL = "https://curl.se/docs/manpage.html"
AZURE = "https://learn.microsoft.com/en-us/azure/storage/common/storage-configure-connection-string"
SIGV4 = "https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"
KUBECONFIG = "https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/"
OAUTH = "https://datatracker.ietf.org/doc/html/rfc6749"

NAMES = (
    Format(
        "API key by name: Cohere, Mistral, Cloudflare, Datadog, Azure and all that have no prefix",
        "named",
        "(?:api|app|application|subscription|master|license|goog-api)[_-]?key",
        "https://docs.datadoghq.com/account_management/api-app-keys/",
        f"MISTRAL_API_KEY={A}{B}",
        "api_key_name = default",
    ),
    Format(
        "key by name: access, private, signing, encryption, integration, routing, account",
        "named",
        "(?:access|secret|private|signing|encryption|account|shared[_-]?access|integration|routing|"
        "service|ssh|deploy|auth|webhook|session|security|bot|jwt|host)[_-]?key",
        "https://developer.pagerduty.com/docs/send-alert-event",
        f"routing_key: {A}{B}{A}",
        "primary_key: eval_set_id",
    ),
    Format(
        "Azure connection strings",
        "named",
        "AccountKey|SharedAccessKey|SharedAccessSignature",
        AZURE,
        f"AccountName=x;AccountKey={A}{B}{A}==;EndpointSuffix=core",
        "AccountName=evaluations",
    ),
    Format(
        "AWS secret keys and session tokens",
        "named",
        "secret[_-]?access[_-]?key|session[_-]?token|security[_-]?token",
        "https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html",
        f"aws_secret_access_key = {A}/{B}+{A}",
        "aws_access_key_id_of = default",
    ),
    Format(
        "token by name",
        "named",
        "token",
        OAUTH,
        f"export HF_TOKEN='{A}{B}'",
        "token limit exceeded: max_tokens=4096, tokens: 12345, input_tokens: 123456789",
    ),
    Format(
        "secret by name",
        "named",
        "secret|secret[_-]?id|secret[_-]?key[_-]?base",
        OAUTH,
        f'{{"args": "{{\\"client_secret\\": \\"{A}{B}\\"}}"}}',
        'secret santa task, {"secretName": "evals-runner-env"}',
    ),
    Format(
        "password by name",
        "named",
        "passw(?:or)?d|passphrase|[_-]pwd|passwd",
        "https://www.postgresql.org/docs/current/libpq-envars.html",
        "DATABASE_PASSWORD=hunter2",
        "PWD=/home/eval, password: required",
    ),
    Format(
        "credentials by name",
        "named",
        "credentials?|connection[_-]?string|webhook[_-]?url",
        AZURE,
        f"credential={A}{B}",
        "credentials: none were given",
    ),
    Format(
        "kubeconfig: keys and certificates of a client",
        "named",
        "client-key-data|client-certificate-data",
        KUBECONFIG,
        f"    client-key-data: {A}{B}{A}==",
        "client-key: /etc/pki/client.pem",
    ),
    Format(
        "docker's and npm's configuration",
        "named",
        "(?:[\"':]_?auth|identitytoken|_authToken)",
        "https://docs.docker.com/reference/cli/docker/login/",
        '{"auths": {"ghcr.io": {"auth": "dXNlcjpwYXNzd29yZA=="}}}',
        '{"auth": "required"}',
    ),
)

HEADERS = (
    Format(
        "Authorization and Proxy-Authorization, of any scheme",
        "header",
        "(?:proxy-)?authorization",
        RFC_HEADERS,
        "Authorization: Bearer sesameopensesame",
        'curl -H "Authorization: Bearer $TOKEN"',
    ),
    Format(
        "Cookie and Set-Cookie",
        "header",
        "(?:set-)?cookie",
        "https://datatracker.ietf.org/doc/html/rfc6265",
        "Cookie: sid=sesame; theme=dark",
        "cookie: not set",
    ),
    Format(
        "headers that hold a key",
        "header",
        "x-(?:[a-z]+-)*(?:key|token|secret|auth|signature|password)|api-key|ocp-apim-subscription-key",
        "https://learn.microsoft.com/en-us/azure/ai-services/openai/reference",
        f"('x-api-key', '{A}{B}')",
        "x-request-id: 0a1b2c3d4e5f",
    ),
)

SCHEMES = (
    Format(
        "Bearer, Basic, Negotiate and Okta's SSWS without their header",
        "option",
        r"\b(?i:bearer|basic|negotiate|ssws)(?:\s|%20|\+){1,4}[A-Za-z0-9._~+/=-]{8,}",
        RFC_BEARER,
        "Basic dXNlcjpwYXNzd29yZA==",
        "a basic understanding of bearer instruments",
    ),
    Format(
        "AWS's signatures",
        "option",
        r"\b(?:Signature|Credential)=[A-Za-z0-9/+%=._-]{16,}",
        SIGV4,
        f"Signature={HEX}{HEX}",
        "Signature=none",
    ),
    Format(
        "user and password of a command",
        "option",
        r"""\s(?:-u|--user|--proxy-user|-U)(?:\s{1,4}|=)["']?[^\s:"'`/\\]{1,100}:[^\s"'`/\\]{1,200}""",
        CURL,
        "curl -u admin:sesame https://x.example",
        "docker run -u 1000:1000 image",
    ),
    Format(
        "a command's option",
        "option",
        r"""--[a-z-]*(?:password|passwd|token|secret|api-?key)\s{1,4}["']?[^\s"'`\\$<>{}\[\]-][^\s"'`\\]{3,}""",
        CURL,
        "login --password sesame1",
        "run --max-tokens 4096 --token $TOKEN",
    ),
    Format(
        "a password that stands beside its option",
        "option",
        r"\b(?:sshpass|mysql|mysqldump|mysqladmin|mariadb)(?:\s{1,4}[^\s]{1,60}){0,8}?\s{1,4}"
        r"""-p[^\s"'`\\$<>{}-][^\s"'`\\]{2,}""",
        "https://dev.mysql.com/doc/refman/8.4/en/connecting.html",
        "mysql -h db -u root -psesame1 evals",
        "mysql -h db -u root -p evals",
    ),
    Format(
        "sshpass",
        "option",
        r"""\bsshpass\s{1,4}-p\s{1,4}["']?[^\s"'`\\$<>{}-][^\s"'`\\]{2,}""",
        "https://linux.die.net/man/1/sshpass",
        "sshpass -p sesame1 ssh me@x.example",
        "sshpass -p $PASSWORD ssh me@x.example",
    ),
    Format(
        "keys in answers of AWS's security token service, and others in XML",
        "option",
        "<(?i:SecretAccessKey|SessionToken|AccessToken|RefreshToken|ClientSecret|Password|ApiKey)>"
        r"[^<\s]{6,}",
        "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html",
        f"<SecretAccessKey>{A}{B}</SecretAccessKey>",
        "<AccessToken></AccessToken>",
    ),
    Format(
        "a key that was refused, in the words of OpenAI's API",
        "option",
        r"(?i:api key provided):\s{1,4}[A-Za-z0-9_.-]{12,}",
        "https://platform.openai.com/docs/guides/error-codes",
        f"Incorrect API key provided: {A}{B}. You can find your API key there",
        "no API key provided: set OPENAI_API_KEY",
    ),
    Format(
        ".netrc",
        "option",
        r"\blogin\s{1,8}[^\s\"'\\]{1,200}\s{1,8}password\s{1,8}[^\s\"'\\]{1,200}",
        "https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html",
        "machine x.example login me password sesame",
        "the login and the password are wrong",
    ),
)

QUERIES = (
    Format(
        "presigned addresses of S3 and Google",
        "query",
        "x-(?:amz|goog)-(?:signature|credential|security-token)|signature|hdnea",
        SIGV4,
        f"https://b.s3.amazonaws.com/k?X-Amz-Signature={HEX}&x=1",
        "https://b.s3.amazonaws.com/k?X-Amz-Expires=3600&x=1",
    ),
    Format(
        "keys, tokens, codes and signatures in addresses, Azure's SAS among them",
        "query",
        "key|sig|code|auth|token|access_token|id_token|refresh_token|api_?key|jwt|password|secret|"
        "client_secret|sas|state|assertion|subscription-key",
        AZURE,
        f"https://x.example/?a=1&sig={A}{B}%3D",
        "https://x.example/?code=200&key=name",
    ),
)

KEYED = (*NAMES, *HEADERS, *SCHEMES, *QUERIES)
