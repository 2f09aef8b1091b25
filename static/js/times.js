// The server writes its times in UTC; here they become the visitor's own.

for (const time of document.querySelectorAll("time")) {
  const style = { dateStyle: "long", timeStyle: time.dataset.time };
  const date = new Date(time.dateTime);
  time.textContent = date.toLocaleString(document.documentElement.lang, style);
}
