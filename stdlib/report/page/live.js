// A page that is served asks for what is new while it is open. What the reader chose stays.

const POLL = { often: 2000, hidden: 10000, lost: 10000 };

// Shows the sections of tables and figures; those that are as before are left alone, and tables stay scrolled.
function showBody(sections) {
  const body = find("body");
  showBody.before ??= [];
  sections.forEach((html, i) => {
    if (html === showBody.before[i] && body.children[i]) return;
    const old = body.children[i];
    const places = [...(old?.querySelectorAll(".scroll") ?? [])].map((box) => [box.scrollLeft, box.scrollTop]);
    const holder = element("div");
    holder.innerHTML = html;
    const section = holder.firstElementChild;
    if (old) old.replaceWith(section);
    else body.append(section);
    boxTables(section);
    [...section.querySelectorAll(".scroll")].forEach((box, k) => [box.scrollLeft, box.scrollTop] = places[k] ?? [0, 0]);
  });
  while (body.children.length > sections.length) body.lastElementChild.remove();
  showBody.before = sections;
}

// Whether the page is up to date. `lost`: since when there is no answer.
function showStatus(lost) {
  const problem = data.follow?.problem;
  const text = lost ? `No longer up to date: nothing answers since ${lost}. The page shows what it had.`
    : problem ? `The runs cannot be read, and the page shows what it had: ${problem}` : data.follow?.note ?? "";
  say("problem", text);
  find("live").hidden = false;
  find("live").textContent = lost ? "ended" : "live";
  find("live").classList.toggle("lost", Boolean(lost));
}

function follow() {
  let lost = null;
  const ask = async () => {
    try {
      const answer = await fetch(`since?${data.version}`, { cache: "no-store" });
      if (answer.status === 200) {
        const news = await answer.json();
        take(news);
        if (news.body) showBody(news.body);
        updateAll(news);
      } else if (answer.status !== 304) throw new Error(answer.statusText);
      lost = null;
    } catch {
      lost ??= new Date().toLocaleTimeString();
    }
    showStatus(lost);
    setTimeout(ask, lost ? POLL.lost : document.hidden ? POLL.hidden : POLL.often);
  };
  showBody(data.body ?? []);
  showStatus(null);
  setTimeout(ask, POLL.often);
}
