/* The arena's three cards follow one payload: chart, samples and table. */
const empties = [...element.querySelectorAll('.pg-empty')];
const [chartEmpty, lookEmpty, tableEmpty] = empties;

function draw(payload, frame, why, payloads) {
  const begun = Boolean(payload && payload.schedulers && payload.rows.length), any = begun && payload.rows.some(row => row.mean != null);
  chartEmpty.hidden = any;
  tableEmpty.hidden = begun;
  copy.disabled = logButton.disabled = !any;
  if (begun) drawTable(payload);
  else { table.replaceChildren(); under.textContent = ''; }
  const there = any ? drawWhich(payload) : [];
  lookEmpty.hidden = there.length > 0;
  if (!any) {
    if (plot.data) P.purge(plot);
    look.replaceChildren();
    which.replaceChildren();
    which.dataset.key = '';
    return;
  }
  drawChart(payload);
  if (there.length) { if (payload.image) drawStrips(payload, there); else drawPlane(payload, there, payloads[1]); }
}

const view = pg.live({element, tab: props.tab, views: ['arena', 'particles_static'], draw, interval: 300});
logButton.addEventListener('click', () => { isLog = !isLog; view.redraw(); });
copy.addEventListener('click', async () => {
  const frame = view.frame(), payload = frame && frame.views.arena;
  if (!payload) return;
  try { await navigator.clipboard.writeText(markdown(payload)); copy.textContent = 'copied'; } catch (error) { copy.textContent = 'not allowed'; }
  setTimeout(() => { copy.textContent = 'copy'; }, 1500);
});
