using System.Net.Sockets;
using System.Security.Authentication;
using Dftp.FileSystem;
using Dftp.Ftp.Control;
using Dftp.Ftp.Data;

namespace Dftp.Ftp.Commands;

/// <summary>The part that all sending transfers share, once it is known what to send.</summary>
/// <param name="session">Whose transfer it is.</param>
/// <param name="transfer">The transfer.</param>
/// <param name="verb">For the log.</param>
/// <param name="path">For the log.</param>
internal sealed class DataTransfer(FtpSession session, Transfer transfer, string verb, VirtualPath path)
{
    /// <summary>
    /// 1. Announces the transfer by 150.
    /// 2. Opens the data connection; 425 without one, 522 when it was to be protected and is not.
    /// 3. Sends; 426 when the client or its connection ends it, 451 when the content breaks off.
    /// 4. Waits until the client's machine has taken everything; only then 226. The sockets, which have nothing to say any more, are
    /// closed after that reply: meanwhile the client goes on.
    /// </summary>
    /// <param name="announcement">The text of 150.</param>
    /// <param name="sendAsync">Sends everything over the data connection.</param>
    public async Task<Reply> RunAsync(string announcement, Func<DataConnection, Task> sendAsync)
    {
        var reply = await TransferAsync(announcement, sendAsync);
        session.Context.Metrics.TransferEnded(verb, isComplete: reply.Code == 226);
        return reply;
    }

    private async Task<Reply> TransferAsync(string announcement, Func<DataConnection, Task> sendAsync)
    {
        if (session.TakeDataEndpoint() is not { } endpoint) return new Reply(425, "Use PASV, EPSV, PORT or EPRT first");
        session.CloseAfterReply(endpoint);

        // 1
        await session.Writer.WriteAsync(new Reply(150, announcement));
        transfer.IsAnnounced = true;

        // 2
        var (connection, refusal) = await ConnectAsync(endpoint);
        if (connection is null) return refusal!;

        var isComplete = false;
        try
        {
            if (session.IsDataSecure && !await SecureAsync(connection))
                return new Reply(522, "The TLS handshake of the data connection failed");

            // 3
            await sendAsync(connection);

            // 4
            await connection.FinishAsync(transfer, session.Context.Time);
            isComplete = true;
            session.CloseAfterReply(connection);
            return new Reply(226, "Transfer complete");
        }
        catch (FileContentException e)
        {
            FtpLog.TransferFailed(session.Context.Log, verb, path, session.Remote, transfer.Bytes, e.Message);
            return new Reply(451, $"Transfer aborted: {e.Message}");
        }
        catch (OperationCanceledException) when (transfer.Stopped.IsCancellationRequested)
        {
            return Broken($"it was stopped: {transfer.StopReason}");
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return Broken("the data connection broke");
        }
        finally
        {
            if (!isComplete) connection.Dispose();
        }
    }

    /// <returns>The connection; or the reply without one.</returns>
    private async Task<(DataConnection? Connection, Reply? Refusal)> ConnectAsync(DataEndpoint endpoint)
    {
        using var limit = new CancellationTokenSource(session.Context.Options.DataConnectionTimeout, session.Context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, transfer.Stopped);
        try
        {
            return (await endpoint.ConnectAsync(either.Token), null);
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && either.IsCancellationRequested))
        {
            // Where the limit was reached first, what stopped the transfer afterwards is no news.
            return transfer.StopReason is { } stopped && !limit.IsCancellationRequested
                ? (null, Broken($"it was stopped: {stopped}"))
                : (null, new Reply(425, "No data connection came about"));
        }
    }

    private async Task<bool> SecureAsync(DataConnection connection)
    {
        using var limit = new CancellationTokenSource(session.Context.Options.HandshakeTimeout, session.Context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, transfer.Stopped);
        try
        {
            await connection.SecureAsync(session.Context.Options.Tls!, either.Token);
            return true;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or SocketException or OperationCanceledException)
        {
            var reason = transfer.StopReason ?? (limit.IsCancellationRequested ? "it took too long" : e.Message);
            FtpLog.HandshakeFailed(session.Context.Log, session.Remote, reason);
            return false;
        }
    }

    /// <summary>The client's doing, or its network's: no error of this node.</summary>
    private Reply Broken(string reason)
    {
        FtpLog.TransferStopped(session.Context.Log, verb, path, session.Remote, transfer.Bytes, reason);
        return new Reply(426, $"Transfer aborted: {reason}");
    }
}
