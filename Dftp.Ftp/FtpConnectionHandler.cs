using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Dftp.FileSystem;
using Dftp.Ftp.Control;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;

namespace Dftp.Ftp;

/// <summary>Serves the FTP control connections that Kestrel accepts. One instance serves any number of endpoints.</summary>
public sealed class FtpConnectionHandler : ConnectionHandler
{
    private readonly FtpContext _context;
    private readonly SessionLimits _limits;

    /// <param name="meter">Owns the instruments; null for none.</param>
    public FtpConnectionHandler(IFileTree tree, FtpOptions options, TimeProvider time, ILoggerFactory loggers, Meter? meter = null)
    {
        _limits = new SessionLimits(options.MaxSessions, options.MaxSessionsPerAddress);
        _context = new FtpContext(tree, options, time, loggers.CreateLogger("Dftp.Ftp"))
        {
            Metrics = new FtpMetrics(meter ?? new Meter("dftp.ftp"), () => _limits.Count),
        };
    }

    /// <summary>The number of open sessions.</summary>
    public int SessionCount => _limits.Count;

    /// <summary>
    /// 1. Admits the connection, or refuses it with 421.
    /// 2. Runs its session.
    /// 3. Waits, for a bounded time, until the client has received the last reply.
    /// </summary>
    public override Task OnConnectedAsync(ConnectionContext connection) => ServeAsync(connection, isImplicitTls: false);

    /// <summary>As <see cref="OnConnectedAsync"/>, with implicit TLS.</summary>
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

    /// <summary>Unmaps the IPv4-mapped addresses of a dual-stack listener.</summary>
    private static IPEndPoint AddressOf(EndPoint? endPoint) => endPoint switch
    {
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped => new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port),
        IPEndPoint ip => ip,
        _ => throw new NotSupportedException($"FTP needs TCP, and {endPoint} is not"),
    };

    /// <summary>Delivers the urgent data of a Telnet Synch in line, where the reader discards its data mark.</summary>
    private static void ReadUrgentDataInline(ConnectionContext connection)
    {
        try
        {
            connection.Features.Get<IConnectionSocketFeature>()?.Socket
                .SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.OutOfBandInline, true);
        }
        catch (SocketException)
        {
            // The client has disconnected; the session reads the end of the stream.
        }
    }

    /// <summary>Sends the rest of the output, then FIN; aborts the connection of a client that does not receive it in time.</summary>
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
            connection.Abort(new ConnectionAbortedException("the client did not receive the last replies in time"));
        }
    }
}
