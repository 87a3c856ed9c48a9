// Instants in the reader's own zone, or in UTC where the reader wants that; pages are made in UTC.
(function () {
  "use strict";
  var KEY = "watchdog-times";
  var zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  var isUtc = /^(Etc\/)?(UTC|GMT|UCT|Zulu|Greenwich|Universal)$/.test(zone);
  var short = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });

  function kept() {
    try {
      return window.localStorage.getItem(KEY);
    } catch (refused) {
      return null;
    }
  }

  function keep(choice) {
    try {
      window.localStorage.setItem(KEY, choice);
    } catch (refused) {
      // then it is asked for again on the next page
    }
  }

  var wantsUtc = isUtc || kept() === "utc";

  function two(number) {
    return (number < 10 ? "0" : "") + number;
  }

  function utc(at, toSecond) {
    return at.toISOString().slice(0, toSecond ? 19 : 16).replace("T", " ") + " UTC";
  }

  function local(at, toSecond) {
    var day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
    var name = short.formatToParts(at).filter(function (part) {
      return part.type === "timeZoneName";
    })[0].value;
    var clock = [two(at.getHours()), two(at.getMinutes())];
    if (toSecond) {
      clock.push(two(at.getSeconds()));
    }
    return day + " " + clock.join(":") + " " + name;
  }

  function said(at, toSecond) {
    return (wantsUtc ? utc : local)(at, toSecond);
  }

  function both(at) {
    return isUtc ? utc(at) : local(at) + ", " + utc(at);
  }

  function show() {
    document.querySelectorAll("time[datetime]").forEach(function (node) {
      var at = new Date(node.getAttribute("datetime"));
      if (isNaN(at)) {
        return;
      }
      if (node.classList.contains("clock")) {
        var toSecond = node.classList.contains("second");
        node.textContent = said(at, toSecond);
        node.title = (wantsUtc ? local : utc)(at, toSecond);
      } else {
        node.title = both(at);
      }
    });
    var button = document.getElementById("zone");
    button.hidden = isUtc;
    button.textContent = "Show times in " + (wantsUtc ? zone : "UTC");
    document.getElementById("zone-said").textContent =
      "times in " + (wantsUtc ? "UTC" : zone);
  }

  document.addEventListener("htmx:afterSwap", show);
  document.getElementById("zone").addEventListener("click", function () {
    wantsUtc = !wantsUtc;
    keep(wantsUtc ? "utc" : "local");
    show();
  });
  window.watchdogTime = said;
  show();
})();
