import {fixed} from '../lib/format.js';
import {playText, player} from '../lib/player.js';

/* The slider below a grid of samples, over t from data (0) to noise (1), where their way is kept; playing goes the way back, from noise to data.
   `at(payload)` gives the payload as it is to be drawn: with the tiles of the moment that the slider is at. */
export function filmSlider(element, redraw) {
  const root = element.querySelector('.film');
  if (!root) return {at: payload => payload};
  const slider = root.querySelector('input'), time = root.querySelector('output'), play = root.querySelector('button');
  let last = 1, at = null, source = null, shown = null;

  /* The way begins with noise, 0, and ends with data, 1: the place is kept when new samples come. */
  const way = player({seconds: 2.5, alive: () => element.isConnected, paint: playing => { play.textContent = playText(playing); }, show: () => { if (frame() !== at) redraw(); }});
  const frame = () => Math.round(way.at() * last);

  play.addEventListener('click', way.toggle);
  slider.addEventListener('input', () => way.to(1 - Number(slider.value) / Math.max(1, last)));

  return {
    at(payload) {
      const film = payload && payload.film && payload.film.times.length ? payload.film : null;
      root.hidden = Boolean(payload) && !film;
      slider.disabled = play.disabled = !film;
      if (!film) { time.textContent = 't = –'; return payload; }
      last = film.times.length - 1;
      slider.max = String(last);
      slider.value = String(last - frame());
      time.textContent = `t = ${fixed(film.times[frame()])}`;
      slider.setAttribute('aria-valuetext', time.textContent);
      if (source !== payload || frame() !== at) { source = payload; at = frame(); shown = {...payload, rows: [{...payload.rows[0], data: film.data[at]}]}; }
      return shown;
    },
  };
}
