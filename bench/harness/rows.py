"""Every row by its name, in the order of the table."""

from . import cluster_rows, ftp_rows, http_rows, tree_rows

ROWS = {
    "http-big": http_rows.http_big,
    "http-small": http_rows.http_small,
    "proxy-big": http_rows.proxy_big,
    "proxy-small": http_rows.proxy_small,
    "tls-big": http_rows.tls_big,
    "tls-small": http_rows.tls_small,
    "http-listing": http_rows.http_listing,
    "ftp-big": ftp_rows.ftp_big,
    "ftp-small": ftp_rows.ftp_small,
    "ftp-session": ftp_rows.ftp_session,
    "ftp-listing": ftp_rows.ftp_listing,
    "scan": tree_rows.scan,
    "memory": tree_rows.memory,
    "find": tree_rows.find,
    "search": tree_rows.search,
    "join": cluster_rows.join,
    "join-many": cluster_rows.join_many,
    "repair": cluster_rows.repair,
    "change": cluster_rows.change,
    "merge-p99": cluster_rows.merge_p99,
    "restart": tree_rows.restart,
}

# Measured only if they are named, because they take two minutes.
BY_NAME = {"join-many"}

# The Debian packages that each row needs.
PACKAGES = {"nginx": "nginx-light", "wrk": "wrk", "vsftpd": "vsftpd", "plocate": "plocate", "curl": "curl", "ss": "iproute2", "find": "findutils"}
