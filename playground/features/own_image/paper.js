/* A paper of pixels: a round brush, by mouse, finger or keyboard; and pictures that are put on it. */
const STEPS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

/* `drawn()` is called at the end of each stroke. */
export function pixelPaper(canvas, {brush, ink, drawn}) {
  const pen = canvas.getContext('2d', {willReadFrequently: true}), {width, height} = canvas;
  let last = null, cursor = [width / 2, height / 2];
  const place = event => { const box = canvas.getBoundingClientRect(); return [(event.clientX - box.left) / box.width * width, (event.clientY - box.top) / box.height * height]; };

  function stroke(from, to) {
    Object.assign(pen, {lineCap: 'round', lineJoin: 'round', lineWidth: brush(), strokeStyle: ink()});
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(to[0] + 0.01, to[1]);
    pen.stroke();
  }
  function clear() {
    pen.fillStyle = '#000';
    pen.fillRect(0, 0, width, height);
  }
  /* A picture over the whole paper, cut to a square. */
  function show(picture) {
    const side = Math.min(picture.width, picture.height);
    clear();
    pen.drawImage(picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, width, height);
  }

  canvas.addEventListener('pointerdown', event => {
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    stroke(last, last);
    event.preventDefault();
    canvas.focus({preventScroll: true});
  });
  canvas.addEventListener('pointermove', event => {
    if (!last) return;
    const to = place(event);
    stroke(last, to);
    last = to;
  });
  ['pointerup', 'pointercancel'].forEach(name => canvas.addEventListener(name, () => { if (last) { last = null; drawn(); } }));
  canvas.addEventListener('keydown', event => {
    const step = STEPS[event.key];
    if (!step && event.key !== ' ') return;
    event.preventDefault();
    const from = cursor;
    if (step) cursor = cursor.map((value, k) => Math.max(0, Math.min(width, value + 12 * step[k])));
    if (event.key === ' ' || event.shiftKey) { stroke(from, cursor); drawn(); }
  });
  clear();
  return {clear, show, file: () => canvas.toDataURL('image/png').split(',')[1]};
}
