// Renews a page while it is read, without losing folds, focus, scroll or what was typed.
(function () {
  "use strict";
  // What is folded, and the form, is the reader's; the rest is morphed into what is new.
  Idiomorph.defaults.ignoreActiveValue = true;
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = function (name, node) {
    return !(name === "open" && node.tagName === "DETAILS");
  };
  Idiomorph.defaults.callbacks.beforeNodeMorphed = function (node) {
    // what was read on demand stays until the page is opened again
    return node.id !== "filter" && !(node.classList && node.classList.contains("loaded"));
  };

  var etag = null;
  var last = new Date();

  function live() {
    return document.getElementById("live");
  }

  function say(text) {
    var note = document.getElementById("offline");
    note.textContent = text;
    note.hidden = text === "";
  }

  document.addEventListener("htmx:configRequest", function (event) {
    if (event.detail.elt !== live()) {
      return;
    }
    if (document.hidden) {
      event.preventDefault();
    } else if (etag !== null) {
      event.detail.headers["If-None-Match"] = etag;
    }
  });

  document.addEventListener("htmx:afterRequest", function (event) {
    var request = event.detail.xhr;
    if (event.detail.elt !== live()) {
      return;
    }
    if (request.status === 200 || request.status === 304) {
      etag = request.getResponseHeader("ETag");
      last = new Date();
      say("");
    } else if (request.status === 404) {
      say("This is not there any more: what stands here is how it was seen last.");
    } else {
      var answer = request.status ? "answers " + request.status : "does not answer";
      var at = window.watchdogTime(last);
      say("The watchdog " + answer + ": what stands here is as old as " + at + ".");
    }
  });

  document.documentElement.classList.add("scripted");
  document.addEventListener("click", function (event) {
    if (event.target.className === "copy") {
      copy(event.target.previousElementSibling, event.target);
    }
  });

  function copy(code, button) {
    // by selection: the clipboard's own interface is there for https and localhost alone
    var range = document.createRange();
    range.selectNodeContents(code);
    var selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    var done = document.execCommand("copy");
    button.textContent = done ? "Copied" : "Selected";
    setTimeout(function () {
      button.textContent = "Copy";
    }, 2000);
  }

  document.addEventListener("visibilitychange", function () {
    if (!document.hidden && live()) {
      htmx.trigger(live(), "refresh");
    }
  });
})();
