using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dftp.Ftp;

/// <summary>
/// The server's own transport of sockets, for FTP's endpoints alone, without its queues between socket and session: an FTP session says
/// little and waits for every word, so a change of threads costs more than it wins. The framework has left its polling thread by then.
/// </summary>
/// <param name="endPoints">The very objects that the server is told to listen on.</param>
/// <param name="createListener">Makes the bound socket of one.</param>
/// <param name="loggers">For the transport.</param>
public sealed class FtpTransport(
    IReadOnlyCollection<EndPoint> endPoints, Func<EndPoint, System.Net.Sockets.Socket> createListener, ILoggerFactory loggers)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(
        Options.Create(new SocketTransportOptions { CreateBoundListenSocket = createListener, UnsafePreferInlineScheduling = true }),
        loggers);

    public bool CanBind(EndPoint endpoint) => endPoints.Any(ours => ReferenceEquals(ours, endpoint));

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        _sockets.BindAsync(endpoint, cancellationToken);
}
