using System.Text.Json;
using System.Text.Json.Serialization;
using Dftp.Cluster.Door;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Peers;

/// <summary>A node that this node has met.</summary>
/// <param name="Name">Its name.</param>
/// <param name="PublicAddress">Its public interface.</param>
/// <param name="ManagementAddress">Its management interface.</param>
/// <param name="LastAlive">Unix seconds of its last sign of life.</param>
/// <param name="ServesReads">Its management interface serves its files.</param>
/// <param name="HasLeft">It said goodbye.</param>
/// <param name="Certificate">The certificate by which it is known; null: none.</param>
internal sealed record KnownNode(
    NodeName Name, HostPort PublicAddress, HostPort ManagementAddress, long LastAlive, bool ServesReads = false, bool HasLeft = false,
    CertificateName? Certificate = null);

/// <summary>
/// Persists which nodes this node has met. While one of them is gone, the tree is not complete, and the node is searched for at its last
/// address.
/// </summary>
internal sealed class MembershipStore(string file, PeerTable peers, TimeProvider time, ILogger log) : IDisposable
{
    /// <summary>The delay before a change is written. A crash within it loses at most a node that was just met.</summary>
    private static readonly TimeSpan SavePeriod = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stopping = new();
    private Task _saving = Task.CompletedTask;

    // Null: the content of the file is unknown.
    private string? _saved = "";

    /// <summary>Reads the list; empty if there is no file.</summary>
    public IReadOnlyList<KnownNode> Load()
    {
        try
        {
            var list = JsonSerializer.Deserialize(File.ReadAllBytes(file), KnownNodesJson.Default.ListWireNode) ?? [];
            // If all of them are forgotten before the first save, that is a change too.
            if (list.Count > 0) _saved = null;
            return [.. list.Select(wire => wire?.ToKnownNode()).OfType<KnownNode>()];
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            log.KnownNodesUnreadable(file, error.Message);
            return [];
        }
    }

    /// <summary>Saves changes of the list from now on.</summary>
    public void Start() => _saving = SaveLoopAsync(_stopping.Token);

    /// <summary>Saves the list a last time.</summary>
    public async Task StopAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync();
        await _saving;
    }

    public void Dispose() => _stopping.Dispose();

    private async Task SaveLoopAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(SavePeriod, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken)) Save(isLast: false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Save(isLast: true);
        }
        catch (Exception error)
        {
            log.LoopFailed("saving the known nodes", error.ToString());
        }
    }

    private static bool HasLeft(PeerFacts facts) => facts.State == PeerState.Left;

    private static string? LastingCertificate(PeerFacts facts) =>
        facts.Certificate is { IsLasting: true } certificate ? certificate.ToString() : null;

    private void Save(bool isLast)
    {
        var nodes = peers.All.Select(peer => peer.Facts)
            .Where(facts => facts is { IsStranger: false, LastAlive: > 0, ManagementAddress: not null, PublicAddress: not null })
            .OrderBy(facts => facts.Name)
            .ToList();
        // The time of a present node's last sign of life matters only once it is gone; alone it is no reason to write every few seconds.
        var identity = string.Join(
            '\n', nodes.Select(facts =>
                $"{facts.Name} {facts.PublicAddress} {facts.ManagementAddress} {facts.ServesReads} {facts.IsPresent} {HasLeft(facts)} "
                + LastingCertificate(facts)));
        if (identity == _saved && !(isLast && nodes.Count > 0)) return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var unfinished = file + ".new";
            using (var stream = new FileStream(unfinished, FileMode.Create, FileAccess.Write))
            {
                var list = nodes.ConvertAll<WireNode?>(facts =>
                    new WireNode(
                        facts.Name.Value, facts.PublicAddress!.ToString(), facts.ManagementAddress!.ToString(), facts.LastAlive,
                        facts.ServesReads, HasLeft(facts), LastingCertificate(facts)));
                JsonSerializer.Serialize(stream, list, KnownNodesJson.Default.ListWireNode);
                stream.Flush(flushToDisk: true);
            }

            File.Move(unfinished, file, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            log.KnownNodesUnwritable(file, error.Message);
        }

        // A file that cannot be written is logged once for each change.
        _saved = identity;
    }
}

/// <summary>The format of the file.</summary>
internal sealed record WireNode(
    string? Name, string? PublicAddress, string? ManagementAddress, long LastAlive, bool ServesReads, bool HasLeft, string? Certificate)
{
    public KnownNode? ToKnownNode() =>
        NodeName.TryParse(Name, out var name) && HostPort.TryParse(PublicAddress, out var publicAddress)
            && HostPort.TryParse(ManagementAddress, out var managementAddress)
            ? new KnownNode(name, publicAddress, managementAddress, LastAlive, ServesReads, HasLeft, CertificateName.Parse(Certificate))
            : null;
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(List<WireNode?>))]
internal sealed partial class KnownNodesJson : JsonSerializerContext;
