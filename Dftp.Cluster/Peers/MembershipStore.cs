using System.Text.Json;
using System.Text.Json.Serialization;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Peers;

/// <summary>A node that was met once.</summary>
/// <param name="Name">Its name.</param>
/// <param name="PublicAddress">Where its files were read.</param>
/// <param name="ManagementAddress">Where it was greeted.</param>
/// <param name="LastAlive">Unix seconds at which it was last heard of.</param>
internal sealed record KnownNode(NodeName Name, HostPort PublicAddress, HostPort ManagementAddress, long LastAlive);

/// <summary>
/// Remembers over restarts which nodes this one has met: while one of them is away, nobody is to take the tree for whole, and it is
/// looked for where it was last.
/// </summary>
internal sealed class MembershipStore(string file, PeerTable peers, TimeProvider time, ILogger log) : IDisposable
{
    /// <summary>How soon a change is written. What is lost by a crash within it is a node that was met just before.</summary>
    private static readonly TimeSpan SavePeriod = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stopping = new();
    private Task _saving = Task.CompletedTask;

    // Null: it is not known what the file holds.
    private string? _saved = "";

    /// <summary>Reads the list; empty where there is none.</summary>
    public IReadOnlyList<KnownNode> Load()
    {
        try
        {
            var list = JsonSerializer.Deserialize(File.ReadAllBytes(file), KnownNodesJson.Default.ListWireNode) ?? [];
            // Even if all of them are forgotten before the first look, that is to be written.
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

    /// <summary>Keeps the list from now on.</summary>
    public void Start() => _saving = SaveLoopAsync(_stopping.Token);

    /// <summary>Writes the list a last time.</summary>
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

    private void Save(bool isLast)
    {
        var nodes = peers.All.Select(peer => peer.Facts)
            .Where(facts => facts is { LastAlive: > 0, ManagementAddress: not null, PublicAddress: not null })
            .OrderBy(facts => facts.Name)
            .ToList();
        // When a present node was last heard of matters only once it is away: that alone is no reason to write every few seconds.
        var identity = string.Join('\n', nodes.Select(facts => $"{facts.Name} {facts.PublicAddress} {facts.ManagementAddress} {facts.IsPresent}"));
        if (identity == _saved && !(isLast && nodes.Count > 0)) return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var unfinished = file + ".new";
            using (var stream = new FileStream(unfinished, FileMode.Create, FileAccess.Write))
            {
                var list = nodes.ConvertAll<WireNode?>(facts => new WireNode(facts.Name.Value, facts.PublicAddress!.ToString(), facts.ManagementAddress!.ToString(), facts.LastAlive));
                JsonSerializer.Serialize(stream, list, KnownNodesJson.Default.ListWireNode);
                stream.Flush(flushToDisk: true);
            }

            File.Move(unfinished, file, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            log.KnownNodesUnwritable(file, error.Message);
        }

        // One that cannot be written is complained of once a change.
        _saved = identity;
    }
}

/// <summary>How the list stands in its file.</summary>
internal sealed record WireNode(string? Name, string? PublicAddress, string? ManagementAddress, long LastAlive)
{
    public KnownNode? ToKnownNode() =>
        NodeName.TryParse(Name, out var name) && HostPort.TryParse(PublicAddress, out var publicAddress) && HostPort.TryParse(ManagementAddress, out var managementAddress)
            ? new KnownNode(name, publicAddress, managementAddress, LastAlive)
            : null;
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(List<WireNode?>))]
internal sealed partial class KnownNodesJson : JsonSerializerContext;
