"""Where people say they are, as time zones: the cities of the zone database, and names that it lacks."""

from __future__ import annotations

import functools
import zoneinfo

_ALSO = {
    "America/New_York": "new york city, nyc, boston, washington, washington dc, miami, atlanta, philadelphia, eastern",
    "America/Chicago": "texas, houston, dallas, austin, minneapolis, new orleans, st louis, nashville, central",
    "America/Denver": "colorado, salt lake city, utah, mountain",
    "America/Phoenix": "arizona",
    "America/Los_Angeles": "la, california, san francisco, seattle, portland, san diego, las vegas, silicon valley,"
    " pacific, nevada, oregon",
    "Pacific/Honolulu": "hawaii",
    "America/Anchorage": "alaska",
    "America/Toronto": "ottawa, montreal, quebec",
    "America/Sao_Paulo": "brazil, rio de janeiro, rio, são paulo, brasilia",
    "America/Argentina/Buenos_Aires": "argentina, buenos aires",
    "America/Bogota": "colombia",
    "America/Santiago": "chile",
    "America/Lima": "peru",
    "Europe/London": "england, the uk, uk, united kingdom, britain, great britain, scotland, edinburgh, wales,"
    " manchester, liverpool, glasgow",
    "Europe/Dublin": "ireland",
    "Europe/Paris": "france, lyon, marseille, nice",
    "Europe/Berlin": "germany, munich, hamburg, frankfurt, cologne",
    "Europe/Madrid": "spain, barcelona, seville, valencia",
    "Europe/Rome": "italy, milan, naples, venice, florence",
    "Europe/Lisbon": "portugal, porto",
    "Europe/Amsterdam": "the netherlands, netherlands, holland, rotterdam",
    "Europe/Brussels": "belgium",
    "Europe/Zurich": "switzerland, geneva, bern, zürich",
    "Europe/Vienna": "austria",
    "Europe/Stockholm": "sweden",
    "Europe/Oslo": "norway",
    "Europe/Copenhagen": "denmark",
    "Europe/Helsinki": "finland",
    "Europe/Warsaw": "poland, krakow",
    "Europe/Prague": "czechia, the czech republic",
    "Europe/Budapest": "hungary",
    "Europe/Athens": "greece",
    "Europe/Istanbul": "turkey, ankara",
    "Europe/Kyiv": "ukraine, kiev",
    "Europe/Moscow": "russia, st petersburg",
    "Africa/Cairo": "egypt",
    "Africa/Nairobi": "kenya",
    "Africa/Lagos": "nigeria",
    "Africa/Johannesburg": "south africa, cape town",
    "Africa/Casablanca": "morocco",
    "Asia/Dubai": "the emirates, abu dhabi, uae",
    "Asia/Jerusalem": "israel, tel aviv",
    "Asia/Tehran": "iran",
    "Asia/Kolkata": "india, mumbai, delhi, new delhi, bangalore, chennai, bombay, calcutta",
    "Asia/Karachi": "pakistan, islamabad, lahore",
    "Asia/Dhaka": "bangladesh",
    "Asia/Bangkok": "thailand",
    "Asia/Ho_Chi_Minh": "vietnam, hanoi, saigon",
    "Asia/Jakarta": "indonesia",
    "Asia/Shanghai": "china, beijing, peking, shenzhen, guangzhou",
    "Asia/Hong_Kong": "hong kong",
    "Asia/Taipei": "taiwan",
    "Asia/Tokyo": "japan, osaka, kyoto",
    "Asia/Seoul": "korea, south korea",
    "Asia/Manila": "the philippines, philippines",
    "Asia/Singapore": "singapore",
    "Australia/Sydney": "australia, canberra",
    "Pacific/Auckland": "new zealand, wellington",
    "UTC": "utc, gmt, greenwich, universal time, coordinated universal time",
}


@functools.cache
def _zones() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in sorted(zoneinfo.available_timezones()):
        area, _, place = name.rpartition("/")
        if area and not area.startswith(("Etc", "posix", "right", "SystemV")):
            found.setdefault(place.replace("_", " ").lower(), name)
    for zone, names in _ALSO.items():
        found.update(dict.fromkeys((name.strip() for name in names.split(",")), zone))
    return found


def zone(place: str) -> zoneinfo.ZoneInfo | None:
    """The time zone of `place`, in lower case; None where it is not known."""
    words = place.removeprefix("the city of ").removesuffix(" time").split()
    for end in range(len(words), 0, -1):  # "berlin germany"
        name = _zones().get(" ".join(words[:end]))
        if name and (end == len(words) or " ".join(words[end:]) in _zones()):
            return zoneinfo.ZoneInfo(name)
    return None
