using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using Dftp.Http.FastPath;
using Dftp.Http.Operation;
using Dftp.Http.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Dftp.Http;

/// <summary>
/// The connection middleware of all HTTP endpoints of a node: it limits and counts connections and puts the fast path in.
/// </summary>
/// <param name="max">
/// The maximum of connections at once. As many again get a 503; further ones are reset.
/// </param>
/// <param name="time">For dates and intervals.</param>
/// <param name="metrics">The node's.</param>
/// <param name="log">For the line that there are too many connections.</param>
internal sealed class HttpConnections(int max, TimeProvider time, HttpMetrics metrics, ILogger log)
{
    /// <summary>
    /// A client whose request was refused may still be sending it. If the connection were closed meanwhile, its system would drop the
    /// answer.
    /// </summary>
    private static readonly TimeSpan Lingering = TimeSpan.FromSeconds(2);

    private readonly LogThrottle _tooMany = new(time);

    /// <summary>The outermost middleware: prepares the connection for the innermost one.</summary>
    /// <param name="next">What follows.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="isTls">Whether what is sent on the socket is encrypted, and so no bytes of the server.</param>
    public Task BeginAsync(ConnectionDelegate next, ConnectionContext connection, bool isTls = false)
    {
        var refusal = new Refusal();
        connection.Features.Set(refusal);
        if (!isTls) connection.Features.Get<SocketOutput>()?.Instrument(metrics.Sent, refusal);
        return next(connection);
    }

    /// <summary>Limits the number of connections.</summary>
    public async Task LimitConnectionsAsync(ConnectionDelegate next, ConnectionContext connection, bool isTls)
    {
        var open = metrics.ConnectionOpened();
        try
        {
            if (open <= max) await next(connection);
            else await RejectAsync(connection, canBeTold: !isTls && open <= 2L * max);
        }
        finally
        {
            metrics.ConnectionClosed();
        }
    }

    /// <summary>
    /// The innermost middleware: puts the fast path in, counts sent bytes where the transport does not, and sends final responses.
    /// </summary>
    /// <param name="next">The server.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="responder">Answers plain requests before the server sees them; null: the server answers all.</param>
    public async Task InstrumentAsync(ConnectionDelegate next, ConnectionContext connection, SmallFileResponder? responder)
    {
        var refusal = connection.Features.GetRequiredFeature<Refusal>();
        var (input, output) = (connection.Transport.Input, connection.Transport.Output);
        // The first request has often arrived already. The thread that reads it also executes it, and that must not block a pool thread.
        if (output is SocketOutput onLoop) await onLoop.SwitchToLoop();
        var server = new ServerRequest();
        if (output is not SocketOutput direct)
        {
            connection.Transport = new Duplex(input, new CountedWriter(output, metrics.Sent, refusal));
        }
        else if (responder is not null)
        {
            connection.Transport = new Duplex(new FastPathReader(input, direct, connection, server, responder, time), output);
        }

        if (!IsHttp2(connection))
        {
            connection.Features.Set(server);
            connection.Transport = new Duplex(new RequestLineReader(connection.Transport.Input, server), connection.Transport.Output);
        }

        await next(connection);
        if (refusal.FinalResponse is { } response) await WriteFinalResponseAsync(connection, input, output, response);
    }

    /// <summary>In the clear only HTTP/1 is spoken.</summary>
    private static bool IsHttp2(ConnectionContext connection) =>
        connection.Features.Get<ITlsApplicationProtocolFeature>() is { } tls
        && tls.ApplicationProtocol.Span.SequenceEqual(SslApplicationProtocol.Http2.Protocol.Span);

    private async Task RejectAsync(ConnectionContext connection, bool canBeTold)
    {
        metrics.ConnectionRefused();
        if (_tooMany.TryEnter()) Log.TooManyConnections(log, max);
        if (!canBeTold)
        {
            connection.Abort(new ConnectionAbortedException("there are too many connections"));
            return;
        }

        const string Sentence = "There are too many connections; try again later.";
        var response = RawAnswer.Of(StatusCodes.Status503ServiceUnavailable, Sentence, time.GetUtcNow(), "Retry-After: 5");
        await WriteFinalResponseAsync(connection, connection.Transport.Input, connection.Transport.Output, response);
    }

    /// <summary>
    /// Sends the response that ends a connection, and reads what still arrives until the client closes it too, for a bounded time.
    /// </summary>
    private static async Task WriteFinalResponseAsync(
        ConnectionContext connection, PipeReader input, PipeWriter output, byte[] response)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        limit.CancelAfter(Lingering);
        try
        {
            if (output is SocketOutput direct) await direct.SendFinalResponseAsync(response, limit.Token);
            else await output.WriteAsync(response, limit.Token);
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

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
