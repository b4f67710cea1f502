using System.Net;
using System.Net.Sockets;

namespace Dftp.Ftp.Data;

/// <summary>A port of the client's to connect to, from the address that the client reached.</summary>
internal sealed class ActiveEndpoint(IPAddress local, IPEndPoint target) : DataEndpoint
{
    /// <remarks>The framework connects: its streams, which carry listings and TLS, take no socket that was connected in another way.</remarks>
    public override async Task<DataConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(local, 0));
            await socket.ConnectAsync(target, cancellationToken);
            return new DataConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override void Dispose()
    {
        // Nothing is open before the transfer.
    }
}
