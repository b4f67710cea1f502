using System.Net;
using Dftp.Cluster;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Dftp.Tests.Cluster.PeerReads;

/// <summary>A peer's public interface on a port of this machine that answers as a test says.</summary>
internal sealed class FakePeer : IAsyncDisposable
{
    private readonly WebApplication _server;

    private FakePeer(WebApplication server)
    {
        _server = server;
        var port = new Uri(server.Urls.First()).Port;
        Peer.Change(facts => facts with { State = PeerState.Alive, PublicAddress = new HostPort("127.0.0.1", port) });
    }

    public Peer Peer { get; } = new(NodeName.Parse("p"));

    public static async Task<FakePeer> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore()
            .ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1));
        var server = builder.Build();
        server.Run(answer);
        await server.StartAsync();
        return new FakePeer(server);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Peer.Dispose();
    }
}
