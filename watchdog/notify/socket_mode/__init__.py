"""Slack's Socket Mode: presses of buttons come over a connection that we open.

https://api.slack.com/apis/socket-mode. Not slack-sdk's clients: their queues have no bound, their
tries no back-off, what they can't open they ask for again with a ticket that was used, and their
lines of the log may hold it. The tests hold the double that this is written against to slack-sdk.
"""
