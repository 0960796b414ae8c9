/* A mask drawn over an image by mouse, touch or keyboard. */
export function maskPainter(canvas, changed) {
  const view = canvas.getContext('2d');
  let h = 0, w = 0, image = null, mask = new Uint8Array(0), brush = 3, last = null, erase = false, cursor = null;

  function draw() {
    if (!w) return;
    const out = view.createImageData(w, h), [r, g, b] = [238, 154, 198];       // the noise colour of dark pages: seen on every grey
    for (let k = 0; k < w * h; k++) {
      const hide = mask[k] ? 0.8 : 0;
      [r, g, b].forEach((paint, c) => { out.data[4 * k + c] = (1 - hide) * (image ? image[4 * k + c] : 0) + hide * paint; });
      out.data[4 * k + 3] = 255;
    }
    view.putImageData(out, 0, 0);
    if (cursor && document.activeElement === canvas) { view.fillStyle = '#4f46e5'; view.fillRect(cursor[0], cursor[1], 1, 1); }
  }

  /* A round dot of the brush's width at (x, y), in pixels of the image. */
  function dab(x, y) {
    const r = brush / 2;
    for (let j = Math.max(0, Math.floor(y - r)); j <= Math.min(h - 1, Math.ceil(y + r)); j++) {
      for (let i = Math.max(0, Math.floor(x - r)); i <= Math.min(w - 1, Math.ceil(x + r)); i++) {
        if (Math.hypot(i + 0.5 - x, j + 0.5 - y) <= Math.max(0.71, r)) mask[j * w + i] = erase ? 0 : 1;
      }
    }
  }
  function stroke(from, to) {
    const steps = Math.max(1, Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])));
    for (let s = 0; s <= steps; s++) dab(from[0] + (to[0] - from[0]) * s / steps, from[1] + (to[1] - from[1]) * s / steps);
    draw();
  }
  const place = event => { const box = canvas.getBoundingClientRect(); return [(event.clientX - box.left) / box.width * w, (event.clientY - box.top) / box.height * h]; };

  canvas.addEventListener('pointerdown', event => {
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    erase = event.button === 2 || event.shiftKey;
    stroke(last, last);
    event.preventDefault();
    canvas.focus({preventScroll: true});
  });
  canvas.addEventListener('contextmenu', event => event.preventDefault());
  canvas.addEventListener('pointermove', event => {
    if (!last) return;
    const here = place(event);
    stroke(last, here);
    last = here;
  });
  const end = () => { if (last) { last = null; changed(); } };
  ['pointerup', 'pointercancel', 'lostpointercapture'].forEach(name => canvas.addEventListener(name, end));
  canvas.addEventListener('keydown', event => {                                 // arrows move a cursor, space paints there
    const move = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (!move && event.key !== ' ') return;
    event.preventDefault();
    cursor = cursor || [Math.floor(w / 2), Math.floor(h / 2)];
    if (move) cursor = [Math.max(0, Math.min(w - 1, cursor[0] + move[0])), Math.max(0, Math.min(h - 1, cursor[1] + move[1]))];
    else { erase = event.shiftKey; dab(cursor[0] + 0.5, cursor[1] + 0.5); changed(); }
    draw();
  });
  canvas.addEventListener('blur', draw);

  return {
    /* `pixels`: four bytes a dot, as canvases have them. */
    show(pixels, width, height) {
      if (width !== w || height !== h) { w = canvas.width = width; h = canvas.height = height; mask = new Uint8Array(w * h); cursor = null; }
      image = pixels;
      draw();
    },
    brush(size) { brush = size; },
    clear() { mask.fill(0); draw(); changed(); },
    half() { mask.fill(0).fill(1, Math.ceil(h / 2) * w); draw(); changed(); },
    any: () => mask.some(v => v),
    rows: () => Array.from({length: h}, (_, j) => Array.from(mask.subarray(j * w, (j + 1) * w))),
  };
}
