using Dftp.Routes;

namespace Dftp.Tests.Access;

/// <summary>The requests that look for hidden things at a route. A route without an entry here fails a test.</summary>
internal static class RouteProbes
{
    /// <summary>Hidden, visible and absent paths.</summary>
    private static readonly string[] Paths =
    [
        "", "secret", "secret/", "secret/plan.txt", "secret/deep/", "secret/deep/key.pem", "secret/none", "secret/..", "none", "none/",
        "music", "music/", "music/private", "music/private/", "music/private/demo.mp3", "music/private/none", "music/song.mp3",
        "music/albums/", "pub/", "pub/hidden.txt", "pub/hidden.txt/", "pub/hidden.txt/none", "pub/one.txt", "pub/report.txt",
        "pub/twin.bin", "pub/sub/", "pub/sub/only-b.txt", "empty/", "top.txt", "%73ecret/", "%ff",
    ];

    /// <summary>Where searches start.</summary>
    private static readonly string[] Starts =
        ["", "secret/", "secret/plan.txt", "music/", "music/private/", "pub/", "pub/hidden.txt", "none/"];

    private static readonly string[] ListingQueries =
        ["?format=json", "?format=txt", "?format=json&sort=time", "?sort=size&order=desc", "?archive=zip", "?archive=tar",
            "?archive=tar&errors=fail", "?require=complete", "?redirN=1", "?holder=server1", "?download", "?format=none"];

    private static readonly string[] SearchQueries =
        ["?format=json", "?format=html", "?type=any", "?type=dir&format=json", "?name=*", "?name=plan", "?name=*.mp3&format=json",
            "?under=secret", "?under=music/private", "?under=music", "?larger=10", "?larger=299", "?newer=2023-11-18", "?node=a", "?node=b",
            "?node=c&type=any", "?limit=1", "?limit=3&type=any", "?limit=9", "?require=complete", "?name=[",
            "?type=any&node=c&format=json"];

    /// <summary>Conditions and ranges: their evaluation must not tell either.</summary>
    public static IReadOnlyList<(string Name, string Value)[]> Headers { get; } =
    [
        [("Accept", "text/html")], [("Accept", "application/json")], [("Range", "bytes=0-3")], [("Range", "bytes=5-6,8-9")],
        [("Range", "bytes=9999-")], [("Range", "bytes=-5"), ("If-Range", "\"none\"")], [("If-None-Match", "*")], [("If-Match", "*")],
        [("If-Match", "\"none\"")], [("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")],
        [("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:10 GMT")], [("Want-Repr-Digest", "sha-256=9")], [("Prefer", "handling=strict")],
    ];

    /// <summary>The targets for a row, and whether somebody who sees everything must notice what is hidden by one of them.</summary>
    /// <returns>Null: there are none.</returns>
    public static (IEnumerable<string> Targets, bool IsTelling)? Of(Route route) => (route.Path, route.Match) switch
    {
        ("/", PathMatch.Exact) => (["/", "/?require=complete"], true),
        ("/fs/", _) => (Below(route, Paths, ListingQueries), true),
        ("/find/", _) => (Below(route, Starts, SearchQueries), true),
        ("/holders/", _) => (Below(route, Starts, ["?require=complete"]), true),
        // The order of their lines is the order in which contents are compared, so a limit takes any of them.
        ("/duplicates/" or "/unique/", _) =>
            (Below(route, Starts, [.. SearchQueries.Where(query => !query.Contains("limit", StringComparison.Ordinal))]), true),
        ("/fs" or "/find" or "/holders" or "/duplicates" or "/unique" or "/events", _) => ([route.Path, route.Path + "?a"], false),
        // The stream is followed by tests of its own; an ended one says whether there is one.
        ("/events/", _) => ([], false),
        ("/.dftp/", _) => (["/.dftp/", "/.dftp/page.css", "/.dftp/none"], false),
        ("/healthz" or "/readyz", _) => ([route.Path], false),
        ("/status" or "/status/" or "/metrics", _) => ([route.Path], true),
        _ => null,
    };

    /// <summary>All paths, and some with the queries.</summary>
    private static IEnumerable<string> Below(Route route, string[] starts, string[] queries) =>
        [.. Paths.Select(path => route.Path + path), .. queries.SelectMany(query => starts.Select(path => route.Path + path + query))];
}
