using System.Net;
using Dftp.Sockets;

namespace Dftp.Ftp.Data;

/// <summary>A port of the client's to connect to, from the address that the client reached.</summary>
internal sealed class ActiveEndpoint(IPAddress local, IPEndPoint target) : DataEndpoint
{
    public override async Task<DataConnection> ConnectAsync(CancellationToken cancellationToken) =>
        new(await LoopSocket.ConnectAsync(target, socket => socket.Bind(new IPEndPoint(local, 0)), cancellationToken));

    public override void Dispose()
    {
        // Nothing is open before the transfer.
    }
}
