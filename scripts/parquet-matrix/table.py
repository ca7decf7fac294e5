"""A table with what its rows must be, and the folder of files with an index of them."""

import json
import os

import craft
import schema
from trees import Leaf


class Column:
    def __init__(self, name, of, values, rep='optional'):
        self.name, self.of, self.values, self.rep = name, of if hasattr(of, 'lower') else Leaf(of), values, rep

    def forms(self):
        return [self.of.form(v) for v in self.values]


    def saved(self):
        """As it stands in a file of expected values."""
        return self.forms()


class Cycle(Column):
    """The same values over and over."""

    def __init__(self, name, of, values, rows, rep='optional'):
        super().__init__(name, of, [values[i % len(values)] for i in range(rows)], rep)
        self.once = values

    def forms(self):
        once = [self.of.form(v) for v in self.once]
        return [once[i % len(once)] for i in range(len(self.values))]

    def saved(self):
        return {'$cycle': [self.of.form(v) for v in self.once]}


class Table:
    """`name` is that of the file with its expected values."""

    def __init__(self, name, columns):
        self.name, self.columns = name, columns
        self.rows = len(columns[0].values)
        assert all(len(c.values) == self.rows for c in columns), [(c.name, len(c.values)) for c in columns]

    def only(self, names):
        return Table(self.name, [c for c in self.columns if c.name in names])

    def write(self, shape_of, groups=None, extra=None):
        """`shape_of`: a Shape, or a function of (column, leaf)."""
        root = craft.Node('schema', 'required', [c.of.node(c.name, c.rep) for c in self.columns])
        lowered = [[c.of.lower(v) for v in c.values] for c in self.columns]
        records = [[values[i] for values in lowered] for i in range(self.rows)]
        parts, at = [], 0
        for n in [self.rows] if groups is None else groups:
            parts.append(records[at : at + n])
            at += n
        assert at == self.rows
        by_name = {c.name: c for c in self.columns}
        choose = (lambda node: shape_of(by_name[node.path[0]], node)) if callable(shape_of) else lambda node: shape_of
        return craft.write(root, parts, choose, extra)


class Folder:
    """Fixtures: files, expected values by table, and `matrix.json`, which says what is what."""

    def __init__(self, path):
        self.path, self.files, self.tables, self.jobs = path, [], {}, []
        os.makedirs(f'{path}/expected', exist_ok=True)
        for folder in (path, f'{path}/expected'):
            for name in os.listdir(folder):
                if name.endswith(('.parquet', '.json')):
                    os.remove(f'{folder}/{name}')

    def add(self, name, data, table, options=None, why=None, either=None):
        """A file that must give the table's rows (or, with `either`, be refused with one of these words)."""
        self._put(name, data)
        if 'encoding' not in (options or {}):
            schema.check(data, table.columns)
        # pyarrow and others choose the groups themselves.
        in_file = [group[3] for group in schema.footer(data)[4]]
        assert sum(in_file) == table.rows, name
        if table.name in self.tables:
            whole = dict(map(tuple, self.tables[table.name]))
            assert all(json.dumps(whole[c.name]) == json.dumps(c.saved()) for c in table.columns), name
        else:
            self.tables[table.name] = [[c.name, c.saved()] for c in table.columns]
        names = [c.name for c in table.columns]
        all_names = [n for n, _ in self.tables[table.name]]
        entry = {'file': name, 'expected': table.name}
        if names != all_names:
            entry['columns'] = names
        entry['groups'] = in_file
        if options:
            entry['options'] = options
        if either:
            entry['says'] = either
        if why:
            entry['why'] = why
        self.files.append(entry)
        self.jobs.append((name, table))

    def again(self, name, table, options):
        """A file that was added, with the forms that its values have by options of the input."""
        self.tables[table.name] = [[c.name, c.saved()] for c in table.columns]
        groups = next(entry['groups'] for entry in self.files if entry['file'] == name)
        self.files.append({'file': name, 'expected': table.name, 'groups': groups, 'options': options})

    def same_as(self, table):
        """The name of a table with the same columns and values, if there is one."""
        columns = json.dumps([[c.name, c.saved()] for c in table.columns])
        return next((name for name, given in self.tables.items() if json.dumps(given) == columns), None)

    def refuse(self, name, data, says, why, others=None):
        """A file that must be refused, with one of these words. `others`: a table of columns that can be read alone."""
        self._put(name, data)
        entry = {'file': name, 'says': says, 'why': why}
        if others:
            self.tables[others.name] = [[c.name, c.forms()] for c in others.columns]
            entry['others'] = others.name
        self.files.append(entry)

    def _put(self, name, data):
        assert name not in [f['file'] for f in self.files], name
        with open(f'{self.path}/{name}', 'wb') as file:
            file.write(data)

    def save(self, checks):
        lines = ',\n'.join('  ' + json.dumps(entry, ensure_ascii=False) for entry in self.files)
        with open(f'{self.path}/matrix.json', 'w') as file:
            file.write(f'[\n{lines}\n]\n')
        for name, columns in self.tables.items():
            lines = ',\n'.join('  ' + json.dumps(c, ensure_ascii=False, separators=(',', ':')) for c in columns)
            with open(f'{self.path}/expected/{name}.json', 'w') as file:
                file.write(f'[\n{lines}\n]\n')
        with open(f'{self.path}/checks.json', 'w') as file:
            file.write(json.dumps(checks, indent=1, ensure_ascii=False) + '\n')
