const now = document.getElementById("now");
const show = async () => {
  const answer = await fetch(now.dataset.path + "/now");
  if (answer.ok) {
    now.innerHTML = await answer.text();
  }
};
new EventSource(now.dataset.path + "/events").onmessage = show;
