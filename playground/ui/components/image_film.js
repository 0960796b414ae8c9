/* The slider below a grid of samples, from noise to data, where their way is kept. In one scope with image_table.js, which draws.
   `at(payload)` gives the payload as it is to be drawn: with the tiles of the moment that the slider is at. */
function filmSlider(element, redraw) {
  const root = element.querySelector('.film');
  if (!root) return {at: payload => payload};
  const slider = root.querySelector('input'), time = root.querySelector('output'), play = root.querySelector('button'), SECONDS = 2.5;
  let where = 1, playing = 0, last = 1, states = 1, source = null, shown = null;     // 0 is noise, 1 is data: kept when new samples come

  const frame = () => Math.min(states - 1, Math.round(where * last));
  function to(share) { where = Math.max(0, Math.min(1, share)); shown = null; redraw(); }
  function setPlaying(on) {
    cancelAnimationFrame(playing);
    playing = 0;
    play.textContent = on ? '❚❚ Pause' : '▶ Play';
    if (!on) return;
    const began = performance.now() - (where >= 1 ? 0 : where) * SECONDS * 1000;
    const tick = now => {
      if (!element.isConnected) return;
      const share = (now - began) / 1000 / SECONDS;
      playing = requestAnimationFrame(tick);
      if (Math.round(Math.min(1, share) * last) !== frame() || share >= 1) to(share);
      if (share >= 1) setPlaying(false);
    };
    playing = requestAnimationFrame(tick);
  }
  play.addEventListener('click', () => setPlaying(!playing));
  slider.addEventListener('input', () => { if (playing) setPlaying(false); to(Number(slider.value) / last); });

  return {
    at(payload) {
      const film = payload && payload.film;
      root.hidden = Boolean(payload) && !film;
      slider.disabled = play.disabled = !film;
      if (!film) { time.textContent = 't = –'; return payload; }
      states = film.times.length;                                        // one alone, while fresh samples are at their first step
      last = Math.max(1, states - 1);
      slider.max = String(last);
      slider.value = String(frame());
      time.textContent = `t = ${film.times[frame()].toFixed(2)}`;
      slider.setAttribute('aria-valuetext', time.textContent);
      if (source !== payload || !shown) { source = payload; shown = {...payload, rows: [{...payload.rows[0], data: film.data[frame()]}]}; }
      return shown;
    },
  };
}
