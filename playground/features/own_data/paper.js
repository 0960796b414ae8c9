/* The paper on which a distribution is drawn: brush, eraser, undo, mirror, photo; by mouse, finger or keyboard. */
import {along, erased, MOST, mirrored, ofPhoto} from './drawing.js';

const STEPS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};
const PHOTO = 96, OF_PHOTO = 1200;

export function paper(root, changed) {
  const canvas = root.querySelector('canvas'), pen = canvas.getContext('2d'), tool = name => root.querySelector(`[data-draw="${name}"]`);
  const past = [];
  let dabs = [], last = null, cursor = null;
  const std = () => Number(tool('std').value), erasing = () => tool('erase').getAttribute('aria-pressed') === 'true';
  /** @returns {[number, number]} */
  const place = event => {
    const box = canvas.getBoundingClientRect();
    return [2 * (event.clientX - box.left) / box.width - 1, 1 - 2 * (event.clientY - box.top) / box.height];
  };

  function draw() {
    const side = canvas.width, style = getComputedStyle(canvas), radius = std() * side / 2;
    pen.clearRect(0, 0, side, side);
    const shade = pen.createRadialGradient(0, 0, 0, 0, 0, 2.5 * radius);
    for (let i = 0; i <= 10; i++) shade.addColorStop(i / 10, `rgb(from ${style.color} r g b / ${0.35 * Math.exp(-0.5 * (0.25 * i) ** 2)})`);
    pen.fillStyle = shade;
    for (const [x, y] of dabs) {
      pen.setTransform(1, 0, 0, 1, (x + 1) * side / 2, (1 - y) * side / 2);
      pen.fillRect(-2.5 * radius, -2.5 * radius, 5 * radius, 5 * radius);
    }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    if (cursor) {
      pen.strokeStyle = style.getPropertyValue('--color-accent') || style.color;
      pen.lineWidth = 3;
      pen.beginPath();
      pen.arc((cursor[0] + 1) * side / 2, (1 - cursor[1]) * side / 2, 2 * radius, 0, 7);
      pen.stroke();
    }
    tool('undo').disabled = !past.length;
    tool('clear').disabled = !dabs.length;
    tool('count').textContent = dabs.length ? `${dabs.length} dab${dabs.length === 1 ? '' : 's'} of at most ${MOST}.` : 'The paper is empty.';
    changed();
  }
  const keep = () => { past.push(dabs); if (past.length > 50) past.shift(); };
  function dab(places) {
    for (const at of places) {
      dabs = erasing() ? erased(dabs, at, 2 * std()) : [...dabs, ...mirrored(at, tool('mirror').value)].slice(0, MOST);
    }
    draw();
  }

  canvas.addEventListener('pointerdown', event => {
    canvas.setPointerCapture(event.pointerId);
    keep();
    cursor = null;
    last = place(event);
    dab([last]);
    event.preventDefault();
    canvas.focus();
  });
  canvas.addEventListener('pointermove', event => {
    if (!last) return;
    const to = place(event), gap = 0.7 * std();
    if (Math.hypot(to[0] - last[0], to[1] - last[1]) < gap) return;
    dab(along(last, to, gap));
    last = to;
  });
  ['pointerup', 'pointercancel'].forEach(name => canvas.addEventListener(name, () => { last = null; }));
  canvas.addEventListener('keydown', event => {
    if (event.key === ' ') { cursor = cursor || [0, 0]; keep(); dab([cursor]); event.preventDefault(); }
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const far = event.shiftKey ? 0.1 : 0.03, [x, y] = cursor || [0, 0], within = value => Math.min(1, Math.max(-1, value));
    cursor = [within(x + far * step[0]), within(y + far * step[1])];
    draw();
  });
  canvas.addEventListener('blur', () => { cursor = null; draw(); });

  tool('erase').addEventListener('click', () => tool('erase').setAttribute('aria-pressed', String(!erasing())));
  tool('undo').addEventListener('click', () => { dabs = past.pop() ?? dabs; draw(); });
  tool('clear').addEventListener('click', () => { keep(); dabs = []; draw(); });
  tool('std').addEventListener('input', draw);
  const photo = root.querySelector('[data-input="photo"]');
  tool('photo').addEventListener('click', () => photo.click());
  photo.addEventListener('change', async () => {
    const [file] = photo.files;
    photo.value = '';
    if (!file) return;
    let picture;
    try { picture = await createImageBitmap(file); } catch { tool('count').textContent = 'This file is no picture that the browser can show.'; return; }
    const small = new OffscreenCanvas(PHOTO, PHOTO), sketch = small.getContext('2d'), size = Math.max(picture.width, picture.height);
    sketch.fillStyle = '#fff';
    sketch.fillRect(0, 0, PHOTO, PHOTO);
    const [w, h] = [picture.width, picture.height].map(length => PHOTO * length / size);
    sketch.drawImage(picture, (PHOTO - w) / 2, (PHOTO - h) / 2, w, h);
    const pixels = sketch.getImageData(0, 0, PHOTO, PHOTO).data;
    const grey = Array.from({length: PHOTO * PHOTO}, (_, i) => (pixels[4 * i] + pixels[4 * i + 1] + pixels[4 * i + 2]) / 765);
    keep();
    dabs = ofPhoto(grey, PHOTO, OF_PHOTO, Math.random);
    tool('std').value = 0.02;
    draw();
  });
  draw();
  return {drawing: () => ({title: tool('title').value, dabs: dabs.map(dot => dot.map(value => Math.round(1e4 * value) / 1e4)), std: std()}), empty: () => !dabs.length, draw};
}
