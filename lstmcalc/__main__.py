"""`python -m lstmcalc`, which like the console script loads nothing from the folder that it is run in."""

import os
import sys

if __name__ == "__main__":
    # Python puts that folder first on the path, where anybody's `yaml.py` would come before what is installed.
    if not getattr(sys.flags, "safe_path", False) and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]

    from lstmcalc.cli import main

    main()
