/* This piece: take it away - the points as CSV, the map as a picture, and as a web page that works on its own. */
const saveCsv = $('.map-csv'), saveHtml = $('.map-html'), savePng = $('.map-png');

function download(name, what) {
  const link = document.createElement('a'), url = typeof what === 'string' ? what : URL.createObjectURL(what);
  link.download = `${source.about.file}-latent-map-step-${shownStep(source).step}${name}`;
  link.href = url;
  link.click();
  if (typeof what !== 'string') setTimeout(() => URL.revokeObjectURL(url), 60000);
}

const quoted = text => (/[",;]/.test(text) ? `"${String(text).replaceAll('"', '""')}"` : String(text));

/* What the picture shows, each said once: model, data and settings; projection and step. */
function caption() {
  const slow = NONLINEAR.includes(shownAs(source)), place = source.pending && !slow ? METHODS[shownAs(source)] : source.title;
  return [source.about.text, [place, slow ? '' : pg.stepText(shownStep(source))].filter(Boolean).join(', ')];
}

/* A line a point: which it is, where the map shows it and of which step that is, and what the model of `step` says of it: z, the
   squared error per pixel and the KL in nats; and the factors, where they are known. */
async function csv() {
  const found = await ask('table');
  if (found.error) throw new Error(found.error);
  const letters = ['x', 'y', 'z'].slice(0, source.dims), factors = (still && still.factors) || [], d = found.latent.shape[1], number = value => Number(value.toPrecision(6));
  const head = ['index', 'split', 'label', 'label_name', 'map_step', ...letters.map(letter => `map_${letter}`), 'step', ...Array.from({length: d}, (_, j) => `z${j + 1}`),
                'squared_error', ...(found.kl ? ['kl'] : []), ...factors.map(factor => `factor_${factor.name}`)];
  const lines = Array.from(points.x, (_, i) => [
    i, 'held-out', classOf(i), quoted(nameOf(i)), shownStep(source).step, ...letters.map(letter => number(points[letter][i])), found.step,
    ...Array.from(found.latent.data.subarray(i * d, (i + 1) * d), number), number(found.error_per_pixel.data[i]), ...(found.kl ? [number(found.kl.data[i])] : []),
    ...factors.map(factor => number(factor.values[i]))]);
  return [head, ...lines].map(line => `${line.join(',')}\r\n`).join('');
}

const TOP = 44;                                             // above the picture, for its caption
/* The picture: axes by Plotly, then the three canvases, then the legend; twice as fine as on screen. */
async function png() {
  const w = width(), h = height(), page = document.createElement('canvas'), entries = legendEntries(), context = page.getContext('2d');
  context.font = `13px ${getComputedStyle(element).fontFamily}`;
  let x = 12, lines = 1;
  const places = entries.map(entry => {
    const wide = context.measureText(entry.text).width + (entry.gradient ? 110 : 26);
    if (x + wide > w - 8) { x = 12; lines += 1; }
    const at = [x, lines];
    x += wide + 8;
    return at;
  });
  page.width = 2 * w;
  page.height = 2 * (h + TOP + 8 + 20 * lines);
  context.scale(2, 2);
  context.fillStyle = getComputedStyle(element.querySelector('.pg-card')).backgroundColor;
  context.fillRect(0, 0, page.width, page.height);
  if (!deep()) {
    const axes = new Image();
    axes.src = await P.toImage(plot, {format: 'png', width: w, height: h, scale: 2});
    await axes.decode();
    context.drawImage(axes, 0, TOP, w, h);
  }
  [under, canvas, over].forEach(layer => context.drawImage(layer, 0, TOP, w, h));
  context.font = `13px ${getComputedStyle(element).fontFamily}`;
  context.fillStyle = pg.cssVar('--body-text-color');
  caption().forEach((line, k) => context.fillText(line, 12, 18 + 18 * k, w - 24));
  entries.forEach((entry, k) => {
    const [left, line] = places[k], base = h + TOP + 20 * line;
    context.fillStyle = entry.colour || pg.cssVar('--body-text-color');
    if (entry.gradient) entry.gradient.forEach((colour, j) => { context.fillStyle = colour; context.fillRect(left + 80 * j / entry.gradient.length, base - 9, 80 / entry.gradient.length + 1, 9); });
    else { context.beginPath(); context.arc(left + 6, base - 5, 5, 0, 6.2832); context.fill(); }
    context.fillStyle = pg.cssVar('--body-text-color');
    context.fillText(entry.text, left + (entry.gradient ? 86 : 15), base);
  });
  return new Promise(done => page.toBlob(done, 'image/png'));
}

function legendEntries() {
  if (paint.kind === 'scale') {
    const text = `${paint.label}, ${as.digits(paint.lo)} to ${as.digits(paint.hi)} ${paint.unit}`;
    return [{text, gradient: as.scalePalette(40).map(c => `rgb(${c})`)}];
  }
  return paint.names.map((name, k) => ({text: name, colour: `rgb(${paint.palette[k % paint.palette.length]})`})).filter((_, k) => !off().has(k));
}

/* One file: plotly.js, the points, and the thumbnails that a dot shows under the pointer. */
async function html() {
  const script = [...document.scripts].find(node => node.src.includes('plotly.min.js'));
  if (!script) throw new Error('plotly.js is not on this page');
  const library = (await (await fetch(script.src)).text()).replaceAll('</script', '<\\/script');
  const flat = !deep(), text = JSON.stringify, names = paint.kind === 'class' ? paint.names : ['all'];
  const traces = names.map((name, k) => {
    const chosen = Array.from({length: points.x.length}, (_, i) => i).filter(i => (paint.kind === 'scale' || paint.codes[i] === k) && points.x[i] === points.x[i]);
    const colour = paint.kind === 'scale' ? chosen.map(i => `rgb(${paint.palette[paint.codes[i]]})`) : `rgb(${paint.palette[k % paint.palette.length]})`;
    const at = letter => chosen.map(i => Number(points[letter][i].toPrecision(5)));
    return {type: flat ? 'scatter' : 'scatter3d', mode: 'markers', name, x: at('x'), y: at('y'), ...(flat ? {} : {z: at('z')}), customdata: chosen,
            text: chosen.map(nameOf), hovertemplate: '%{text}<extra></extra>', marker: {size: flat ? 6 : 3, color: colour}};
  });
  const scene = ['x', 'y', 'z'].map((letter, k) => [`${letter}axis`, {title: {text: source.axes[k]}}]);
  const layout = {title: {text: caption().join('<br>'), font: {size: 14}}, template: 'none', margin: {l: 60, r: 20, t: 50, b: 50}, hovermode: 'closest',
                  legend: {itemsizing: 'constant'}, showlegend: paint.kind === 'class', ...(flat ? Object.fromEntries(scene.slice(0, 2)) : {scene: Object.fromEntries(scene)})};
  const tiles = still && still.sheet ? {sheet: still.sheet, tile: still.tile, columns: still.columns} : null;
  const safe = value => text(value).replaceAll('<', '\\u003c');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Latent map: ${caption().join('; ').replaceAll('<', '&lt;')}</title>
<style>html,body{margin:0;height:100%;font-family:sans-serif;background:#fff}#map{height:100%}#tile{position:fixed;right:16px;bottom:16px;width:112px;image-rendering:pixelated;border:1px solid #999;display:none}</style>
<div id="map"></div><canvas id="tile"></canvas><script>${library}</script><script>
const tiles = ${safe(tiles)}, sheet = new Image(), tile = document.getElementById('tile'), map = document.getElementById('map');
if (tiles) sheet.src = tiles.sheet;
Plotly.newPlot(map, ${safe(traces)}, ${safe(layout)}, {responsive: true, scrollZoom: true, displaylogo: false}).then(() => map.on('plotly_hover', event => {
  if (!tiles) return;
  const i = event.points[0].customdata, [w, h] = tiles.tile;
  tile.width = w; tile.height = h; tile.style.display = 'block';
  tile.getContext('2d').drawImage(sheet, (i % tiles.columns) * w, Math.floor(i / tiles.columns) * h, w, h, 0, 0, w, h);
}));
<\/script></html>`;
}

/* A button that makes a file; while it does, it cannot be pressed again. */
function saves(button, name, type, make) {
  button.addEventListener('click', async () => {
    button.disabled = true;
    say('save', '');
    try { const what = await make(); download(name, what instanceof Blob ? what : new Blob([what], {type})); }
    catch (error) { say('save', `The file could not be made: ${error.message}`); }
    button.disabled = !points;
  });
}
saves(saveCsv, '.csv', 'text/csv;charset=utf-8', csv);
saves(saveHtml, '.html', 'text/html;charset=utf-8', html);
saves(savePng, '.png', 'image/png', png);
