/* The open tab, the bench of its dock and the projector view stand in the page's address (?tab=vae&bench=factors&view=projector), so that a
   reload or a link opens them again. */
window.playgroundPage = {
  /* Where the server has too many requests at once from here it says so; the page tells, waits and asks again by itself. */
  patient(ask) {
    return async (...request) => {
      for (let i = 0; ; i += 1) {
        const answer = await ask(...request);
        if (answer.status !== 429 || i === 5 || request[0] instanceof Request) return answer;
        const {error} = await answer.clone().json();
        dispatchEvent(new CustomEvent('playground-busy', {detail: error}));
        await new Promise(done => setTimeout(done, 1000 * (i + 1)));
      }
    };
  },
  names: ['ae', 'vae', 'diffusion'],
  /* A tab without a dock, whose runs stand in the address by its own name. */
  compare: 'compare',
  /* The Tabs component's new value when the page opens. */
  opened() {
    this.drawView();
    const tab = new URL(location.href).searchParams.get('tab');
    return {selected: [...this.names, this.compare].includes(tab) ? tab : this.names[0], __type__: 'update'};
  },
  /* The same of the dock of `tab`, whose benches are `names`; the first shows none. */
  bench(tab, names) {
    this.benches[tab] = names;
    setTimeout(() => this.reachable(), 500);
    const url = new URL(location.href), bench = url.searchParams.get('bench');
    const here = (url.searchParams.get('tab') || this.names[0]) === tab && names.includes(bench);
    return {selected: here ? bench : names[0], __type__: 'update'};
  },
  /* A lesson wants `going`, a tab and a bench, to be open: new values of the Tabs component and of all docks. */
  gone() {
    const {tab, bench} = this.going, update = selected => ({...(selected && {selected}), __type__: 'update'});
    this.remember();
    return [update(tab), ...this.names.map(name => update(name === tab && (bench || this.benches[name][0])))];
  },
  going: {},
  /* A tab or a bench was picked: after Gradio has marked it, write it down. */
  remember() {
    setTimeout(() => {
      this.reachable();
      const picked = bar => document.querySelector(`${bar} > .tab-wrapper [role="tab"][aria-selected="true"]`)?.getAttribute('data-tab-id');
      const tab = picked('#tabs');
      if (!tab) return;
      const url = new URL(location.href), bench = picked(`#dock-${tab}`);
      url.searchParams.set('tab', tab);
      if (bench && bench !== this.benches[tab][0]) url.searchParams.set('bench', bench); else url.searchParams.delete('bench');
      history.replaceState(history.state, '', url);
    }, 50);
  },
  /* A bench scrolls within itself: keys reach it, too. */
  reachable() {
    document.querySelectorAll('.dock > [role="tabpanel"]').forEach(panel => panel.setAttribute('tabindex', '0'));
  },
  /* Larger, for a class; the same button leaves it, and Escape where nothing else wants it. */
  project(on) {
    const url = new URL(location.href);
    if (on) url.searchParams.set('view', 'projector'); else url.searchParams.delete('view');
    history.replaceState(history.state, '', url);
    document.documentElement.classList.toggle('projector', on);
    this.view.setAttribute('aria-pressed', String(on));
    this.view.textContent = on ? 'Leave projector view' : 'Projector';
    window.dispatchEvent(new Event('resize'));
  },
  drawView() {
    this.view = document.createElement('button');
    Object.assign(this.view, {type: 'button', className: 'page-view', title: 'Larger, without settings, for a class. Escape leaves it.'});
    document.body.append(this.view);
    this.drawLink();
    this.view.addEventListener('click', () => this.project(this.view.getAttribute('aria-pressed') !== 'true'));
    addEventListener('keydown', event => {
      if (event.key === 'Escape' && !event.defaultPrevented && !document.activeElement?.closest('.map-body, input, select')) this.project(false);
    });
    this.project(new URL(location.href).searchParams.get('view') === 'projector');
  },
  /* A link to all that is set here, with the runs for watching alone: who has a run's own name can steer it, so no name that we cannot turn into the
     watcher's leaves the page. */
  drawLink() {
    const link = document.createElement('button');
    Object.assign(link, {type: 'button', className: 'page-view page-link', textContent: 'Copy link', title: 'A link to this tab, bench, all settings and your runs, for somebody else: to watch them, not to steer them.'});
    document.body.append(link);
    link.addEventListener('click', async () => {
      const url = new URL(location.href);
      for (const [name, value] of [...url.searchParams]) {
        const shown = this.watch[name];
        if (shown && shown.run === value) url.searchParams.set(name, shown.watch);
        else if (!this.harmless.includes(name) && !name.includes('.')) url.searchParams.delete(name);
      }
      try { await navigator.clipboard.writeText(url.href); } catch { prompt('The link to all that is set here, to watch:', url.href); return; }
      link.textContent = 'Copied';
      setTimeout(() => { link.textContent = 'Copy link'; }, 2000);
    });
  },
  benches: {},
  watch: {},
  harmless: ['tab', 'bench', 'view', 'lesson', 'step', 'hide'],
};
window.fetch = window.playgroundPage.patient(window.fetch.bind(window));
