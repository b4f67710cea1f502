using System.Net;
using Dftp.Cluster.Peers;
using Dftp.Tests.Cluster.Peers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Dftp.Tests.Cluster.PeerReads;

/// <summary>A peer's public interface on a port of this machine that answers as a test says.</summary>
internal sealed class FakePeer : IAsyncDisposable
{
    private readonly WebApplication _server;

    private FakePeer(WebApplication server, bool isLegacy)
    {
        _server = server;
        Peer = Given.AlivePeer("p", new Uri(server.Urls.First()).Port, isLegacy);
    }

    public Peer Peer { get; }

    public static async Task<FakePeer> StartAsync(RequestDelegate answer, bool isLegacy = true)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore()
            .ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1));
        var server = builder.Build();
        server.Run(answer);
        await server.StartAsync();
        return new FakePeer(server, isLegacy);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Peer.Dispose();
    }
}
