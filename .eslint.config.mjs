/* What eslint reads the page's modules by: its recommended rules. Its packages are those of the eslint that runs, wherever that is installed. */
import {createRequire} from 'node:module';

const require = createRequire(process.argv[1]);
const js = require('@eslint/js'), globals = require('globals');

export default [
  js.configs.recommended,
  {languageOptions: {ecmaVersion: 2023, sourceType: 'module', globals: globals.browser},
   rules: {'no-unused-vars': ['error', {ignoreRestSiblings: true}]}},   // `{level, ...line}` leaves level out
  {files: ['tests/js/**'], languageOptions: {globals: globals.node}},
];
