"""Pictures that live in a page: Python draws and decides, JavaScript shows and listens. Loaded only for a page."""

from flowlab._src.lab.widgets.live import LivePicture as LivePicture
