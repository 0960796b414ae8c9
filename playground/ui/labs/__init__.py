"""The sections below the pictures of a tab, one a file: each looks at the tab's model in one way."""
