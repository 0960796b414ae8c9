/* The samples at one number of evaluations: strips of images below each other, or ways through the plane over each other. */
const look = $('.arena-look'), which = $('.arena-which');

function drawWhich(payload) {
  const there = payload.evaluations.filter(target => payload.rows.some((row, i) => row.target === target && payload.pictures[i]));
  if (!there.includes(shown)) shown = there.length ? there[0] : null;   // where evaluations are few, schedulers differ most
  if (which.dataset.key !== `${there}|${shown}`) {
    which.dataset.key = `${there}|${shown}`;
    which.replaceChildren(...there.map(target => {
      const node = document.createElement('button');
      node.type = 'button';
      node.className = 'pg-small';
      node.textContent = `${target} NFE`;
      node.setAttribute('aria-pressed', String(target === shown));
      node.addEventListener('click', () => { shown = target; view.redraw(); });
      return node;
    }));
  }
  return payload.rows.map((row, i) => ({row, picture: payload.pictures[i]})).filter(({row, picture}) => row.target === shown && picture);
}

/* --- images ---------------------------------------------------------------------------------------------------------- */
function strip(canvas, picture, room) {
  const {h, w, n} = picture, tile = Math.max(1, Math.min(64, (room - 3 * (n - 1)) / n)), bytes = pg.decode.u8(picture.data);
  const context = pg.context2d(canvas, n * (tile + 3) - 3, tile * h / w), sheet = document.createElement('canvas');
  [sheet.width, sheet.height] = [w, h];
  context.imageSmoothingEnabled = false;
  for (let k = 0; k < n; k++) {
    const image = new ImageData(w, h);
    for (let p = 0; p < w * h; p++) {
      image.data[4 * p] = image.data[4 * p + 1] = image.data[4 * p + 2] = bytes[k * w * h + p];
      image.data[4 * p + 3] = 255;
    }
    sheet.getContext('2d').putImageData(image, 0, 0);
    context.drawImage(sheet, k * (tile + 3), 0, tile, tile * h / w);
  }
}

function drawStrips(payload, there) {
  const wide = look.clientWidth > 420, room = look.clientWidth - (wide ? 172 : 10);
  look.replaceChildren(...there.map(({row, picture}) => {
    const line = document.createElement('div'), canvas = document.createElement('canvas');
    line.className = 'arena-row';
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', `Samples of ${row.title} with ${row.nfe} evaluations`);
    line.append(nameTag(payload, row, row.nfe === row.target ? '' : `${row.nfe} NFE`), canvas);
    strip(canvas, picture, room);
    return line;
  }));
}

/* --- the plane ------------------------------------------------------------------------------------------------------- */
let plane = null;
function planeNodes() {
  if (!plane || !look.contains(plane.canvas)) {
    const box = document.createElement('div');
    box.className = 'arena-plane';
    box.innerHTML = '<canvas role="img" aria-label="Ways from noise to data, one colour a scheduler"></canvas><div class="arena-keys"></div>';
    look.replaceChildren(box);
    plane = {box, canvas: box.firstChild, keys: box.lastChild};
  }
  return plane;
}

function drawPlane(payload, there, still) {
  const {canvas, keys} = planeNodes();
  keys.replaceChildren(...there.map(({row}) => {
    const key = document.createElement('button'), dot = document.createElement('i');
    key.type = 'button';
    key.className = 'arena-key';
    dot.style.background = colour(payload, row.name);
    key.append(dot, row.title);
    key.setAttribute('aria-pressed', String(!hidden.has(row.name)));
    key.title = 'Show or hide';
    key.addEventListener('click', () => { if (hidden.has(row.name)) hidden.delete(row.name); else hidden.add(row.name); view.redraw(); });
    return key;
  }));
  const width = look.clientWidth, height = look.clientHeight - keys.offsetHeight - 4, context = pg.context2d(canvas, width, height);
  const data = still && pg.decode.q16(still.data, still.lo, still.hi), reach = 3.2;
  const scale = Math.min(width, height) / (2 * reach), X = v => width / 2 + v * scale, Y = v => height / 2 - v * scale;
  context.clearRect(0, 0, width, height);
  const disc = (x, y, r) => { context.beginPath(); context.arc(X(x), Y(y), r, 0, 6.2832); context.fill(); };
  if (data) {
    context.fillStyle = pg.cssVar('--role-data');
    context.globalAlpha = 0.3;
    for (let i = 0; i < data.x.length; i++) disc(data.x[i], data.y[i], 1.6);
  }
  for (const {row, picture} of there) {
    if (hidden.has(row.name)) continue;
    const ways = pg.decode.f32(picture.ways), dots = pg.decode.f32(picture.dots), {T, n} = picture;
    context.strokeStyle = context.fillStyle = colour(payload, row.name);
    context.globalAlpha = 0.5;
    for (let i = 0; i < dots.length; i += 2) disc(dots[i], dots[i + 1], 1.5);
    context.globalAlpha = 0.85;
    context.lineWidth = 1.2;
    for (let p = 0; p < n; p++) {
      context.beginPath();
      for (let t = 0; t < T; t++) {
        const at = 2 * (t * n + p);
        if (t) context.lineTo(X(ways[at]), Y(ways[at + 1])); else context.moveTo(X(ways[at]), Y(ways[at + 1]));
      }
      context.stroke();
      for (let t = 0; t < T; t++) { const at = 2 * (t * n + p); disc(ways[at], ways[at + 1], t === T - 1 ? 3.2 : 1.6); }
    }
  }
  context.globalAlpha = 1;
  look.dataset.drawn = (Number(look.dataset.drawn) || 0) + 1;
}
