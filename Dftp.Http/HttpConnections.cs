using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using Dftp.Http.FastPath;
using Dftp.Http.Operation;
using Dftp.Http.Transport;
using Dftp.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Dftp.Http;

/// <summary>What the connections of all public HTTP endpoints of a node share: how many there may be, and what is counted of them.</summary>
public sealed class HttpConnections
{
    /// <summary>
    /// A client whose request was refused may be still sending it. Were the connection closed meanwhile, its system would drop the answer.
    /// </summary>
    private static readonly TimeSpan Lingering = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan WarningInterval = TimeSpan.FromMinutes(1);

    private readonly int _max;
    private readonly HttpOptions _options;
    private readonly ILogger _log;
    private readonly Lock _warning = new();

    /// <summary>Guarded by <see cref="_warning"/>.</summary>
    private long? _warnedAt;

    /// <param name="max">Connections at once. As many again are told by 503 that they are too many; others are cut.</param>
    /// <param name="options">The front end's.</param>
    /// <param name="meter">Gets the instruments.</param>
    /// <param name="loggers">Where it says that there are too many.</param>
    public HttpConnections(int max, HttpOptions options, Meter meter, ILoggerFactory loggers)
    {
        _max = max;
        _options = options;
        _log = loggers.CreateLogger(typeof(HttpFrontEnd));
        Metrics = new HttpMetrics(meter);
        AccessLog = options.AccessLog is { } write ? new AccessLog(write, options.Time) : null;
        Refused = new RefusedRequests(Metrics, AccessLog, options.Time);
    }

    internal HttpMetrics Metrics { get; }

    internal AccessLog? AccessLog { get; }

    /// <summary>Answers what the server need not see; null where it is to see everything. Set before the first connection.</summary>
    internal SmallFiles? SmallFiles { get; set; }

    /// <summary>What the server is to tell of requests that it refuses by itself.</summary>
    internal DiagnosticSource Refused { get; }

    /// <summary>The outermost part of a connection: lets it in, or turns it away.</summary>
    internal async Task AdmitAsync(ConnectionDelegate next, ConnectionContext connection, bool isTls)
    {
        var refusal = new Refusal();
        connection.Features.Set(refusal);
        connection.Features.Get<SocketOutput>()?.Follow(Metrics.Sent, refusal);
        if (connection.Features.Get<IConnectionSocketFeature>() is { Socket: var socket }) CongestionControl.Unpace(socket);
        var open = Metrics.ConnectionOpened();
        try
        {
            if (open <= _max) await next(connection);
            else await TurnAwayAsync(connection, canBeTold: !isTls && open <= 2L * _max);
        }
        finally
        {
            Metrics.ConnectionClosed();
        }
    }

    /// <summary>The innermost part of a connection: counts what is sent where the transport does not, and speaks a refusal's last words.</summary>
    internal async Task FollowAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        var refusal = connection.Features.GetRequiredFeature<Refusal>();
        var (input, output) = (connection.Transport.Input, connection.Transport.Output);
        if (output is not SocketOutput direct) connection.Transport = new Duplex(input, new CountedWriter(output, Metrics.Sent, refusal));
        else if (SmallFiles is { } files) connection.Transport = new Duplex(new FastPathInput(input, direct, connection, files, _options.Time), output);
        if (!IsHttp2(connection))
        {
            var transport = connection.Transport;
            connection.Transport = new Duplex(new RequestLineReader(transport.Input), transport.Output);
        }

        await next(connection);
        if (refusal.Words is { } words) await SpeakLastAsync(connection, input, output is SocketOutput ? null : output, words);
    }

    /// <summary>In the clear only HTTP/1 is spoken.</summary>
    private static bool IsHttp2(ConnectionContext connection) =>
        connection.Features.Get<ITlsApplicationProtocolFeature>() is { } tls
        && tls.ApplicationProtocol.Span.SequenceEqual(SslApplicationProtocol.Http2.Protocol.Span);

    private async Task TurnAwayAsync(ConnectionContext connection, bool canBeTold)
    {
        Metrics.ConnectionRefused();
        Warn();
        if (!canBeTold)
        {
            connection.Abort(new ConnectionAbortedException("there are too many connections"));
            return;
        }

        await SpeakLastAsync(connection, connection.Transport.Input, null, RawAnswer.Of(
            StatusCodes.Status503ServiceUnavailable, "There are too many connections; try again later.", _options.Time.GetUtcNow(), "Retry-After: 5"));
    }

    /// <summary>Sends what ends the connection, and reads what still comes until the client has closed it too, for a bounded time.</summary>
    /// <param name="input">What still comes, whatever it is.</param>
    /// <param name="output">Null: straight by the connection's socket, where nothing else is on its way.</param>
    private static async Task SpeakLastAsync(ConnectionContext connection, PipeReader input, PipeWriter? output, byte[] words)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        limit.CancelAfter(Lingering);
        try
        {
            if (output is null && connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
            {
                for (var left = words.AsMemory(); !left.IsEmpty;) left = left[await socket.SendAsync(left, SocketFlags.None, limit.Token)..];
                // A client that reads to the end has it at once.
                socket.Shutdown(SocketShutdown.Send);
            }
            else
            {
                await (output ?? connection.Transport.Output).WriteAsync(words, limit.Token);
            }

            for (var isOver = false; !isOver;)
            {
                var read = await input.ReadAsync(limit.Token);
                isOver = read.IsCompleted;
                input.AdvanceTo(read.Buffer.End);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException or SocketException)
        {
            // The client has left or takes its time, or the server has closed the connection before.
        }
    }

    private void Warn()
    {
        lock (_warning)
        {
            if (_warnedAt is { } last && _options.Time.GetElapsedTime(last) < WarningInterval) return;
            _warnedAt = _options.Time.GetTimestamp();
        }

        Log.TooManyConnections(_log, _max);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
