/* What every page of a hub loads. */

import '../styles/hub.css';
import { startPage } from '../islands/base';
import { fillTimezone, sendFilters } from '../islands/filters';
import { takeHash } from '../islands/hash';
import { buildStages } from '../islands/stages';

startPage();
sendFilters();
buildStages();
fillTimezone();
takeHash();
