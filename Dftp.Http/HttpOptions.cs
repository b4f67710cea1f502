using System.Buffers;
using System.Net;
using System.Text.Json;
using Dftp.FileSystem;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http;

/// <summary>The facts of the node for the public HTTP interface, and its clock.</summary>
public sealed record HttpOptions
{
    public required NodeName NodeName { get; init; }

    public required string ClusterName { get; init; }

    /// <summary>The program's version, for people.</summary>
    public required string Version { get; init; }

    /// <summary>The address of this node's FTP interface; null when it has none.</summary>
    public int? FtpPort { get; init; }

    /// <summary>
    /// Writes the JSON object of <c>/status/</c>. Must be thread-safe. Null: no report.
    /// </summary>
    public Action<Utf8JsonWriter>? WriteStatus { get; init; }

    /// <summary>
    /// Writes the body of <c>/metrics</c> in Prometheus' text format 0.0.4. Must be thread-safe. Null: no metrics.
    /// </summary>
    public Action<IBufferWriter<byte>>? WriteMetrics { get; init; }

    /// <summary>Whether <c>/readyz</c> answers 200. Must be thread-safe.</summary>
    public Func<bool> IsReady { get; init; } = () => true;

    /// <summary>
    /// Whether clients are redirected to a holder for files of which this node has no copy; otherwise this node proxies them.
    /// </summary>
    public bool RedirectsRemoteReads { get; init; }

    /// <summary>
    /// Receives a line in Apache's combined format, without its line end, for every answer. Must be thread-safe and must not block.
    /// Null: no access log.
    /// </summary>
    public Action<string>? AccessLog { get; init; }

    /// <summary>Whether the framework traces each request with an activity. The fast path is then off.</summary>
    public bool RequestsAreTraced { get; init; }

    /// <summary>
    /// The policy for each request that the fast path could answer: false leaves it to the server's pipeline, where rules that need more
    /// than these facts apply. Called concurrently on event-loop threads; it must not block.
    /// </summary>
    public Func<PlainRequest, bool> AllowsFastPath { get; init; } = static _ => true;

    /// <summary>
    /// Whose request it is; called once for each request on a public interface, concurrently. Null: each is <see cref="Anonymous"/>'s.
    /// With it the fast path is off, unless <see cref="Anonymous"/> is given too.
    /// </summary>
    public Func<HttpContext, Principal>? PrincipalOf { get; init; }

    /// <summary>
    /// The principal of a request without credentials, on whose behalf the fast path answers such requests. Called for each, on
    /// event-loop threads; it must not block. Null: <see cref="Principal.Anonymous"/>.
    /// </summary>
    public Func<Principal>? Anonymous { get; init; }

    /// <summary>
    /// Whether a node at this address reads other nodes' copies at their public interfaces (<c>redirN</c>): a legacy node that is a member
    /// now. Called concurrently; it must not block.
    /// </summary>
    public Func<IPAddress, bool> IsReadingNode { get; init; } = static _ => false;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
