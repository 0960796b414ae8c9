/* The map as one file that works on its own: plotly.js, the points, and the thumbnails that a dot shows under the pointer. */
import {rounded} from '../../ui/lib/format.js';
import {plotly} from '../../ui/lib/plotly.js';

const safe = value => JSON.stringify(value).replaceAll('<', '\\u003c');
const STYLE = 'html,body{margin:0;height:100%;font-family:system-ui,sans-serif;background:#fff}#map{height:100%}'
  + '#tile{position:fixed;right:16px;bottom:16px;width:112px;image-rendering:pixelated;border:1px solid #999;display:none}';

async function library() {
  await plotly();
  const script = [...document.scripts].find(node => node.src.includes('plotly.min.js'));
  if (!script) throw new Error('plotly.js is not on this page');
  return (await (await fetch(script.src)).text()).replaceAll('</script', '<\\/script');
}

/** @param {import('./state.js').MapState} map */
function traces(map, paint) {
  const {points} = map, flat = !map.deep, scale = paint.kind === 'scale';
  return (scale ? ['all'] : paint.names).map((name, k) => {
    const chosen = Array.from({length: points.x.length}, (_, i) => i).filter(i => (scale || paint.codes[i] === k) && points.x[i] === points.x[i]);
    const colour = scale ? chosen.map(i => `rgb(${paint.palette[paint.codes[i]]})`) : `rgb(${paint.palette[k % paint.palette.length]})`;
    const at = letter => chosen.map(i => rounded(points[letter][i], 5));
    return {type: flat ? 'scatter' : 'scatter3d', mode: 'markers', name, x: at('x'), y: at('y'), ...(flat ? {} : {z: at('z')}), customdata: chosen,
            text: chosen.map(i => map.nameOf(i)), hovertemplate: '%{text}<extra></extra>', marker: {size: flat ? 6 : 3, color: colour}};
  });
}

/** @param {import('./state.js').MapState} map */
function layout(map, paint, caption) {
  const scene = ['x', 'y', 'z'].map((letter, k) => [`${letter}axis`, {title: {text: map.source.axes[k]}}]);
  return {title: {text: caption.join('<br>'), font: {size: 14}}, template: 'none', margin: {l: 60, r: 20, t: 50, b: 50}, hovermode: 'closest',
          legend: {itemsizing: 'constant'}, showlegend: paint.kind === 'class', ...(map.deep ? {scene: Object.fromEntries(scene)} : Object.fromEntries(scene.slice(0, 2)))};
}

/* `caption`: what it shows, in lines. */
export async function webPage(map, paint, caption) {
  const {still} = map, tiles = still && still.sheet ? {sheet: still.sheet, tile: still.tile, columns: still.columns} : null, source = await library();
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Latent map: ${caption.join('; ').replaceAll('<', '&lt;')}</title>
<style>${STYLE}</style>
<div id="map"></div><canvas id="tile"></canvas><script>${source}</script><script>
const tiles = ${safe(tiles)}, sheet = new Image(), tile = document.getElementById('tile'), map = document.getElementById('map');
if (tiles) sheet.src = tiles.sheet;
Plotly.newPlot(map, ${safe(traces(map, paint))}, ${safe(layout(map, paint, caption))}, {responsive: true, scrollZoom: true, displaylogo: false}).then(() => map.on('plotly_hover', event => {
  if (!tiles) return;
  const i = event.points[0].customdata, [w, h] = tiles.tile;
  tile.width = w; tile.height = h; tile.style.display = 'block';
  tile.getContext('2d').drawImage(sheet, (i % tiles.columns) * w, Math.floor(i / tiles.columns) * h, w, h, 0, 0, w, h);
}));
</script></html>`;
}
