/* Three dimensions. A camera that stays while the points move, seen without perspective, so that a drag in the plane of the
   screen has one exact meaning. Plotly's scatter3d draws 2,000 moving points a few times a second where there is no graphics
   card; this draws them as fast as the flat map. */
import {rounded} from '../../ui/lib/format.js';
import {canvasFont, cssVar} from '../../ui/lib/theme.js';

const START = {yaw: 0.6, pitch: 0.35, zoom: 1, x: 0, y: 0};
const EDGES = [[0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 3], [2, 6], [3, 7], [4, 5], [4, 6], [5, 7], [6, 7]];   // of a cube, its corners by bits

/** @param {import('./state.js').MapState} map */
export function makeSpace(map) {
  let camera = {...START}, space = null;

  /* One scale for all axes, so that distances and the prior's spheres look as they are. */
  function take(payload) {
    const {lo, hi} = payload.view || payload;
    space = {centre: lo.map((v, k) => (v + hi[k]) / 2), half: Math.max(...lo.map((v, k) => (hi[k] - v) / 2)), lo, hi};
    map.ranges = box();
  }
  const box = () => ({left: 0, top: 0, width: map.width, height: map.height});

  /* Rows of the rotation: right, up, towards the viewer. */
  function rows() {
    const c = Math.cos(camera.yaw), s = Math.sin(camera.yaw), cp = Math.cos(camera.pitch), sp = Math.sin(camera.pitch);
    return [[c, s, 0], [-sp * s, sp * c, cp], [cp * s, -cp * c, sp]];
  }
  const zoom = () => Math.min(map.width, map.height) * 0.38 * camera.zoom / (space ? space.half : 1);

  function toScreen(place) {
    const r = rows(), k = zoom(), d = place.map((v, j) => v - space.centre[j]), dot = row => row[0] * d[0] + row[1] * d[1] + row[2] * d[2];
    return [map.width / 2 + camera.x + k * dot(r[0]), map.height / 2 + camera.y - k * dot(r[1])];
  }

  /* Pixels -> the place on the plane through `anchor` that faces the viewer. */
  function toPlace(x, y, anchor) {
    const r = rows(), k = zoom(), [ax, ay] = toScreen(anchor), right = (x - ax) / k, up = -(y - ay) / k;
    return anchor.map((v, j) => v + right * r[0][j] + up * r[1][j]);
  }

  function project(from, into) {
    const [r, u, t] = rows(), k = zoom(), n = from.x.length, [cx, cy, cz] = space.centre;
    const left = map.width / 2 + camera.x, top = map.height / 2 + camera.y;
    if (!into.depth || into.depth.length !== n) into.depth = new Float32Array(n);
    for (let i = 0; i < n; i++) {
      const x = from.x[i] - cx, y = from.y[i] - cy, z = from.z[i] - cz;
      into.x[i] = left + k * (r[0] * x + r[1] * y + r[2] * z);
      into.y[i] = top - k * (u[0] * x + u[1] * y + u[2] * z);
      into.depth[i] = t[0] * x + t[1] * y + t[2] * z;
    }
  }

  /* The box around the data, with a name at the end of every axis. */
  function drawBox(context) {
    map.body.dataset.camera = [camera.yaw, camera.pitch, camera.zoom].map(v => rounded(v, 4)).join();
    const {lo, hi} = space, at = (x, y, z) => toScreen([x ? hi[0] : lo[0], y ? hi[1] : lo[1], z ? hi[2] : lo[2]]);
    const lines = EDGES.map(pair => pair.map(corner => at(corner & 1, corner & 2, corner & 4)));
    context.strokeStyle = cssVar('--border-color-primary');
    context.lineWidth = 1;
    context.beginPath();
    lines.forEach(([p, q]) => { context.moveTo(...p); context.lineTo(...q); });
    context.stroke();
    context.fillStyle = cssVar('--soft-text');
    context.font = canvasFont();
    context.textAlign = 'center';
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]].forEach((end, k) => {
      const [x, y] = at(...end), [ox, oy] = at(0, 0, 0), far = Math.hypot(x - ox, y - oy) || 1;
      const within = (v, most) => Math.max(14, Math.min(most - 8, v));
      context.fillText(map.source.axes[k] || '', within(x + (x - ox) / far * 26, map.width - 6), within(y + (y - oy) / far * 16 + 4, map.height));
    });
  }

  /* Dragging turns; with another than the main button it moves. */
  function turnBy(dx, dy, move) {
    if (move) { camera.x += dx; camera.y += dy; }
    else {
      camera.yaw -= dx * 0.009;
      camera.pitch = Math.max(-1.55, Math.min(1.55, camera.pitch + dy * 0.009));
    }
  }

  return {
    take, box, toScreen, toPlace, project, drawBox, turnBy,
    scale: () => [zoom(), zoom()],
    half: () => (space ? space.half : 1),
    centre: () => [...space.centre],
    zoomBy(wheel) { camera.zoom = Math.max(0.2, Math.min(20, camera.zoom * Math.exp(-wheel * 0.0015))); },
    reset() { camera = {...START}; },
  };
}
