/* What every page of a hub loads. */

import '../styles/hub.css';
import { startPage } from '../islands/base';
import { takeHash } from '../islands/hash';

startPage();
takeHash();
