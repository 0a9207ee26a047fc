/* What every page of a hub loads. */

import { startPage } from '../islands/base';

startPage();
