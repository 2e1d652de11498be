"use strict";
const all = () => document.querySelectorAll("details");
addEventListener("beforeprint", () => all().forEach((d) => { d.dataset.was = d.open; d.open = true; }));
addEventListener("afterprint", () => all().forEach((d) => { d.open = d.dataset.was === "true"; }));
const reveal = () => {
  const at = document.getElementById(location.hash.slice(1));
  for (let d = at; d; d = d.parentElement) if (d.tagName === "DETAILS") d.open = true;
  if (at) at.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();
const button = document.getElementById("open-all");
button.hidden = false;
button.addEventListener("click", () => {
  const open = button.getAttribute("aria-pressed") !== "true";
  all().forEach((d) => { d.open = open; });
  button.setAttribute("aria-pressed", open);
  button.textContent = open ? "Close all details" : "Open all details";
});
