using System.Buffers;
using System.Text.Json;
using Dftp.FileSystem;

namespace Dftp.Http;

/// <summary>What the public HTTP interface says of its node, and its clock.</summary>
public sealed record HttpOptions
{
    public required NodeName NodeName { get; init; }

    public required string ClusterName { get; init; }

    /// <summary>The program's version, for people.</summary>
    public required string Version { get; init; }

    /// <summary>Where this node's FTP interface listens; null when it has none.</summary>
    public int? FtpPort { get; init; }

    /// <summary>
    /// Writes the one JSON object that <c>/status/</c> answers; called by many at once. Null where there is no such report.
    /// </summary>
    public Action<Utf8JsonWriter>? WriteStatus { get; init; }

    /// <summary>
    /// Writes what <c>/metrics</c> answers, in Prometheus' text form 0.0.4; called by many at once. Null where there are no figures.
    /// </summary>
    public Action<IBufferWriter<byte>>? WriteMetrics { get; init; }

    /// <summary>Whether <c>/readyz</c> says yes; called by many at once.</summary>
    public Func<bool> IsReady { get; init; } = () => true;

    /// <summary>
    /// Whether clients are sent to a holder for what this node has no copy of; otherwise they get it through this node.
    /// </summary>
    public bool RedirectsRemoteReads { get; init; }

    /// <summary>
    /// Takes a line in Apache's combined format, without its end, for every answer; called by many at once, it must not wait. Null for no
    /// such log.
    /// </summary>
    public Action<string>? AccessLog { get; init; }

    /// <summary>Whether each request is traced by the framework's activities, so that the fast path may answer none.</summary>
    public bool RequestsAreTraced { get; init; }

    /// <summary>
    /// The policy for each request that the fast path could answer: false leaves it to the server's pipeline, where rules that need more
    /// than these facts apply. Called by many at once on the threads of the event loop; it must not wait.
    /// </summary>
    public Func<PlainRequest, bool> AllowsFastPath { get; init; } = static _ => true;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
