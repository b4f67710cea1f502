using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Operation;

/// <summary>
/// The instruments of the meter <c>dftp.http</c>. Per-request counts use plain counters that are read on collection: that costs a
/// request about 100 ns and no allocation.
/// </summary>
internal sealed class HttpMetrics
{
    /// <summary>In seconds: from small local files to films over a slow link.</summary>
    private static readonly double[] DurationBounds =
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600];

    private readonly Histogram<double> _duration;
    private readonly long[] _declined = new long[Enum.GetValues<DeclineReason>().Length];
    private ImmutableArray<RouteMetrics> _routes = [];
    private long _active;
    private long _connections;
    private long _refusedConnections;

    public HttpMetrics(Meter meter)
    {
        Unrouted = Route("none");
        meter.CreateObservableCounter("dftp.http.requests", ReadRequests, "{request}", "Answered HTTP requests.");
        meter.CreateObservableUpDownCounter(
            "dftp.http.requests.active", () => Volatile.Read(ref _active), "{request}", "HTTP requests in progress.");
        meter.CreateObservableCounter(
            "dftp.http.sent", () => Sent.Value, "By", "Bytes sent to HTTP clients, headers included, before encryption.");
        meter.CreateObservableUpDownCounter("dftp.http.connections", () => Connections, "{connection}", "Open HTTP connections.");
        meter.CreateObservableCounter(
            "dftp.http.connections.refused", () => Volatile.Read(ref _refusedConnections), "{connection}",
            "HTTP connections beyond the limit.");
        meter.CreateObservableCounter(
            "dftp.http.fastpath.declined", ReadDeclined, "{request}", "HTTP requests that the fast path left to the server, by reason.");
        _duration = meter.CreateHistogram(
            "dftp.http.request.duration",
            "s",
            "From a request's headers to the end of its answer.",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBounds });
    }

    /// <summary>Requests that match no route, and malformed ones.</summary>
    public RouteMetrics Unrouted { get; }

    /// <summary>Bytes sent on all connections.</summary>
    public ByteCount Sent { get; } = new();

    public long Connections => Volatile.Read(ref _connections);

    /// <param name="name">The route's name, for example <c>/fs/</c>.</param>
    public RouteMetrics Route(string name)
    {
        var route = new RouteMetrics(name);
        ImmutableInterlocked.Update(ref _routes, routes => routes.Add(route));
        return route;
    }

    /// <returns>The start time for <see cref="RequestEnded"/>.</returns>
    public long RequestBegan()
    {
        Interlocked.Increment(ref _active);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>The server starts its own count for it.</summary>
    public void RequestPassedOn() => Interlocked.Decrement(ref _active);

    public void RequestEnded(RouteMetrics route, string method, int status, long began)
    {
        Interlocked.Decrement(ref _active);
        route.Count(method, status);
        _duration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, route.Tag);
    }

    /// <summary>The fast path has left a request to the server.</summary>
    public void Declined(DeclineReason reason) => Interlocked.Increment(ref _declined[(int)reason]);

    public long ConnectionOpened() => Interlocked.Increment(ref _connections);

    public void ConnectionClosed() => Interlocked.Decrement(ref _connections);

    public void ConnectionRefused() => Interlocked.Increment(ref _refusedConnections);

    private IEnumerable<Measurement<long>> ReadDeclined() => Enum.GetValues<DeclineReason>()
        .Select(reason => (Reason: reason, Count: Volatile.Read(ref _declined[(int)reason])))
        .Where(one => one.Count > 0)
        .Select(one => new Measurement<long>(one.Count, new KeyValuePair<string, object?>("reason", NameOf(one.Reason))));

    private static string NameOf(DeclineReason reason) => reason switch
    {
        DeclineReason.Head => "head",
        DeclineReason.Target => "target",
        DeclineReason.Policy => "policy",
        DeclineReason.File => "file",
        DeclineReason.Redirect => "redirect",
        DeclineReason.Open => "open",
        DeclineReason.Read => "read",
        DeclineReason.Fields => "fields",
        _ => "defect",
    };

    private IEnumerable<Measurement<long>> ReadRequests() => _routes.SelectMany(route => route.Read());
}

/// <summary>The requests of one route, by method and status class.</summary>
internal sealed class RouteMetrics(string name)
{
    private static readonly string[] Methods = ["GET", "HEAD", "OPTIONS", "other"];

    private static readonly string[] Statuses = ["1xx", "2xx", "3xx", "4xx", "5xx"];

    private readonly long[] _counts = new long[Methods.Length * Statuses.Length];

    public KeyValuePair<string, object?> Tag { get; } = new("route", name);

    public string Name => name;

    public void Count(string method, int status)
    {
        var known = HttpMethods.IsGet(method) ? 0 : HttpMethods.IsHead(method) ? 1 : HttpMethods.IsOptions(method) ? 2 : 3;
        Interlocked.Increment(ref _counts[(known * Statuses.Length) + Math.Clamp(status / 100, 1, Statuses.Length) - 1]);
    }

    public IEnumerable<Measurement<long>> Read()
    {
        for (var cell = 0; cell < _counts.Length; cell++)
        {
            var count = Volatile.Read(ref _counts[cell]);
            if (count == 0) continue;
            yield return new Measurement<long>(
                count, Tag, new("method", Methods[cell / Statuses.Length]), new("status", Statuses[cell % Statuses.Length]));
        }
    }
}

/// <summary>A byte counter for concurrent updates.</summary>
internal sealed class ByteCount
{
    private long _value;

    public long Value => Volatile.Read(ref _value);

    public void Add(long bytes) => Interlocked.Add(ref _value, bytes);
}
