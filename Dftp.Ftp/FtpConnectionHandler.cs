using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Dftp.FileSystem;
using Dftp.Ftp.Control;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;

namespace Dftp.Ftp;

/// <summary>Serves FTP sessions: the control connections that Kestrel accepts. One instance serves any number of endpoints.</summary>
public sealed class FtpConnectionHandler : ConnectionHandler
{
    private readonly FtpContext _context;
    private readonly SessionLimits _limits;

    /// <param name="meter">Gets the instruments; null where nobody wants them.</param>
    public FtpConnectionHandler(IFileTree tree, FtpOptions options, TimeProvider time, ILoggerFactory loggers, Meter? meter = null)
    {
        _limits = new SessionLimits(options.MaxSessions, options.MaxSessionsPerAddress);
        _context = new FtpContext(tree, options, time, loggers.CreateLogger("Dftp.Ftp"))
        {
            Metrics = new FtpMetrics(meter ?? new Meter("dftp.ftp"), () => _limits.Count),
        };
    }

    /// <summary>Sessions that are open now.</summary>
    public int SessionCount => _limits.Count;

    /// <summary>
    /// 1. Admits the connection, or refuses it by 421.
    /// 2. Runs its session until the client leaves, an error ends it, or it is told to end.
    /// 3. Lets the client take the last reply, for a bounded time.
    /// </summary>
    public override Task OnConnectedAsync(ConnectionContext connection) => ServeAsync(connection, isImplicitTls: false);

    /// <summary>As <see cref="OnConnectedAsync"/>, for a client that begins with TLS.</summary>
    public Task OnConnectedByTlsAsync(ConnectionContext connection) => ServeAsync(connection, isImplicitTls: true);

    private async Task ServeAsync(ConnectionContext connection, bool isImplicitTls)
    {
        var local = AddressOf(connection.LocalEndPoint);
        var remote = AddressOf(connection.RemoteEndPoint);
        if (!_limits.TryEnter(remote.Address))
        {
            FtpLog.Refused(_context.Log, remote);
            _context.Metrics.SessionRefused();
            if (isImplicitTls) return;
            using var writer = new ReplyWriter(connection.Transport.Output);
            await writer.WriteAsync(new Reply(421, "Too many sessions, try again later"));
            await CloseAsync(connection);
            return;
        }

        try
        {
            ReadUrgentDataInline(connection);
            FtpLog.Started(_context.Log, remote);
            _context.Metrics.SessionStarted();
            using var session = new FtpSession(_context, connection.Transport, local, remote);
            var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
            await using (stopping.UnsafeRegister(static session => ((FtpSession)session!).Shutdown(), session))
            {
                await session.RunAsync(isImplicitTls);
            }

            await session.CloseAsync();
            await CloseAsync(connection);
        }
        finally
        {
            _limits.Leave(remote.Address);
            FtpLog.Ended(_context.Log, remote);
        }
    }

    /// <summary>An IPv4 client of a dual-stack listener is an IPv4 client.</summary>
    private static IPEndPoint AddressOf(EndPoint? endPoint) => endPoint switch
    {
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped => new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port),
        IPEndPoint ip => ip,
        _ => throw new NotSupportedException($"FTP needs TCP, and {endPoint} is not"),
    };

    /// <summary>The data mark of a Telnet Synch comes as urgent data: taken in line it is one more byte for the reader to drop.</summary>
    private static void ReadUrgentDataInline(ConnectionContext connection)
    {
        try
        {
            connection.Features.Get<IConnectionSocketFeature>()?.Socket
                .SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.OutOfBandInline, true);
        }
        catch (SocketException)
        {
            // The client has gone already; the session will read the end of its stream.
        }
    }

    /// <summary>Completing the output sends what is left, then FIN; a client that does not take it is cut.</summary>
    private async Task CloseAsync(ConnectionContext connection)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = connection.ConnectionClosed.UnsafeRegister(
            static closed => ((TaskCompletionSource)closed!).TrySetResult(), closed);
        await connection.Transport.Output.CompleteAsync();
        try
        {
            await closed.Task.WaitAsync(_context.Options.ClosingTimeout, _context.Time);
        }
        catch (TimeoutException)
        {
            connection.Abort(new ConnectionAbortedException("the client did not take the last replies"));
        }
    }
}
