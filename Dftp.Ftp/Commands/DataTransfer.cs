using System.Net.Sockets;
using System.Security.Authentication;
using Dftp.FileSystem;
using Dftp.Ftp.Control;
using Dftp.Ftp.Data;

namespace Dftp.Ftp.Commands;

/// <summary>The common part of all sending transfers.</summary>
/// <param name="session">The session of the transfer.</param>
/// <param name="transfer">The transfer.</param>
/// <param name="verb">For the log.</param>
/// <param name="path">For the log.</param>
internal sealed class DataTransfer(FtpSession session, Transfer transfer, string verb, VirtualPath path)
{
    /// <summary>
    /// 1. Announces the transfer with 150.
    /// 2. Opens the data connection: 425 if that fails, 522 if its TLS handshake fails.
    /// 3. Sends: 426 if the client or its connection ends the transfer, 451 if the content cannot be read to its end.
    /// 4. Waits until the client's machine has acknowledged everything, then 226. The sockets are closed after that reply, so that the
    /// client does not wait for it.
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
            return Broken(transfer.StopReason!);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return Broken("the data connection failed");
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
            // If the limit was reached first, a later stop does not matter.
            return transfer.StopReason is { } stopped && !limit.IsCancellationRequested
                ? (null, Broken(stopped))
                : (null, new Reply(425, "No data connection could be opened"));
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
            var reason = transfer.StopReason ?? (limit.IsCancellationRequested ? "timeout" : e.Message);
            FtpLog.HandshakeFailed(session.Context.Log, session.Remote, reason);
            return false;
        }
    }

    /// <summary>Caused by the client or the network; no error of this node.</summary>
    private Reply Broken(string reason)
    {
        FtpLog.TransferStopped(session.Context.Log, verb, path, session.Remote, transfer.Bytes, reason);
        return new Reply(426, $"Transfer aborted: {reason}");
    }
}
