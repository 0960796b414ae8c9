/* The settings in which the runs differ, and the rest, folded. */
import {node} from '../ui/lib/nodes.js';

function table(rows, picked, order) {
  const made = node('table', 'compare-table');
  for (const row of rows) {
    made.append(node('tr', '', node('th', '', row.label), ...picked.map(column => {
      const values = [...new Set(column.runs.map(run => row.values[order.indexOf(run.run)]))];
      return node('td', '', values.join(', '));
    })));
  }
  return made;
}

export function settingsTable(all, columns) {
  const {differ, same} = all.settings, more = node('details', 'compare-rest'), title = node('h3', '', 'Settings that differ');
  const rows = differ.length ? table(differ, columns, all.order) : node('p', 'compare-soft', columns.length > 1 ? 'They have the same settings, as far as more than one of them has them.' : 'There is nothing to compare with yet: choose another run.');
  more.append(node('summary', '', `${same.length} settings that are alike, or that only one kind of model has`), table(same, columns, all.order));
  return [title, rows, more];
}
