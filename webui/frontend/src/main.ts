/* What every page of a device loads: the base, and islands on pages that work without them. */

import { installAgents } from './islands/agents';
import { startPage } from './islands/base';
import { uploadBundle } from './islands/bundles';
import { bringBackup, waitForNewStart } from './islands/care';
import { tellThisBrowser } from './islands/push';
import { uploadFiles } from './islands/uploads';

startPage();
installAgents();
uploadFiles();
uploadBundle();
bringBackup();
waitForNewStart();
tellThisBrowser();
