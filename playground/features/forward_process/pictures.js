/* x_t = alpha x_0 + sigma eps on a canvas: points of a plane, or images. */
import {context2d, picture} from '../../ui/lib/canvas.js';
import {dots, viewport} from '../../ui/lib/plane.js';

const REACH = 2.7, COLUMNS = 5, GAP = 3;                     // the part of the plane shown; tiles

/* `x0` and `eps`: n*2 coordinates. */
export function drawPoints(canvas, {x0, eps}, alpha, sigma, colour) {
  const width = canvas.parentElement.clientWidth, height = Math.min(width, 250), context = context2d(canvas, width, height);
  const eye = viewport({lo: [-REACH, -REACH], hi: [REACH, REACH]}, width, height), n = x0.length / 2, x = new Float32Array(n), y = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    x[i] = alpha * x0[2 * i] + sigma * eps[2 * i];
    y[i] = alpha * x0[2 * i + 1] + sigma * eps[2 * i + 1];
  }
  context.clearRect(0, 0, width, height);
  dots(context, x, y, eye, 1.8, colour, 0.7);
}

/** `x0` and `eps`: n images of h rows of w dots in -1..1, each a number or three.
    @param {HTMLCanvasElement} canvas @param {{x0: Float32Array, eps: Float32Array, n: number, h?: number, w?: number}} images @param {number} alpha @param {number} sigma */
export function drawImages(canvas, {x0, eps, n, h, w}, alpha, sigma) {
  const rows = Math.ceil(n / COLUMNS), width = canvas.parentElement.clientWidth, sheet = document.createElement('canvas');
  const size = (width - GAP * (COLUMNS - 1)) / COLUMNS, tall = size * h / w;
  const image = picture(w, h * n, x0.length / (n * h * w), k => 127.5 * (alpha * x0[k] + sigma * eps[k] + 1));     // ImageData rounds and cuts to 0..255
  sheet.width = w;
  sheet.height = h * n;
  sheet.getContext('2d').putImageData(image, 0, 0);
  const context = context2d(canvas, width, rows * (tall + GAP) - GAP);
  context.imageSmoothingEnabled = false;
  context.clearRect(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < n; i++) context.drawImage(sheet, 0, i * h, w, h, (i % COLUMNS) * (size + GAP), Math.floor(i / COLUMNS) * (tall + GAP), size, tall);
}
