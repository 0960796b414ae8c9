"""Data that people bring or draw: read with suspicion (`files`, `pictures`, `arrays`, `table`), prepared like the data that come
along (`preparing`), and kept as one file each, under a name that nobody can guess (`shelf`)."""
