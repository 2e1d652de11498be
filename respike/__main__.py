"""`python -m respike` is the command `respike`."""

import sys

from respike.cli import main

sys.exit(main())
