using Microsoft.AspNetCore.Connections;

namespace Dftp.Http.Transport;

/// <summary>Tells connections by TLS from those in the clear by their first byte.</summary>
internal static class FirstByte
{
    /// <summary>RFC 8446, section 5.1: the type of a handshake record. No method of HTTP begins with it.</summary>
    private const byte HandshakeRecord = 0x16;

    /// <summary>As the server's limit on a handshake.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Waits for the first byte, and leaves it for what follows. A connection on which none comes is closed.</summary>
    public static async Task BranchAsync(ConnectionContext connection, Func<Task> tls, Func<Task> clear)
    {
        bool isTls;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
            limit.CancelAfter(Patience);
            var read = await connection.Transport.Input.ReadAsync(limit.Token);
            if (read.Buffer.IsEmpty) return;
            isTls = read.Buffer.FirstSpan[0] == HandshakeRecord;
            connection.Transport.Input.AdvanceTo(read.Buffer.Start);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            return;
        }

        await (isTls ? tls() : clear());
    }
}
