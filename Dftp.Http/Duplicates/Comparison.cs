using System.Net;
using System.Threading.Channels;
using Dftp.FileSystem;

namespace Dftp.Http.Duplicates;

/// <summary>
/// Compares the content of copies by digests, which their holders compute: several sizes concurrently, the largest first.
/// </summary>
/// <param name="tree">The tree.</param>
/// <param name="client">The client that asks.</param>
internal sealed class Comparison(ITreeView tree, IPAddress? client)
{
    /// <summary>Enough to keep a few holders busy. Each node limits its concurrent reads itself.</summary>
    private const int SizesAtOnce = 4;

    /// <summary>The maximum of results that wait for a slow client.</summary>
    private const int MaxWaiting = 64;

    /// <summary>The results as they become known. A caller that stops reading early must cancel the token.</summary>
    public ChannelReader<SameContent> Start(IAsyncEnumerable<ArraySegment<Copy>> bySize, CancellationToken stop, out Task work)
    {
        var results = Channel.CreateBounded<SameContent>(MaxWaiting);
        work = Task.Run(() => CompareAllAsync(bySize, results.Writer, stop), CancellationToken.None);
        return results.Reader;
    }

    private async Task CompareAllAsync(
        IAsyncEnumerable<ArraySegment<Copy>> bySize, ChannelWriter<SameContent> results, CancellationToken stop)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = SizesAtOnce, CancellationToken = stop };
        try
        {
            await Parallel.ForEachAsync(bySize, options, (copies, token) => CompareAsync(copies, results, token));
            results.Complete();
        }
        catch (Exception failure)
        {
            results.Complete(failure);
        }
    }

    private async ValueTask CompareAsync(ArraySegment<Copy> copies, ChannelWriter<SameContent> results, CancellationToken stop)
    {
        var digests = new (ContentDigest? Digest, string? Failure)[copies.Count];
        var byNode = Enumerable.Range(0, copies.Count).GroupBy(index => copies[index].Node);
        await Task.WhenAll(byNode.Select(ofNode => ComputeAsync(copies, ofNode, digests, stop)));

        var failed = Enumerable.Range(0, copies.Count).Where(index => digests[index].Digest is null).ToList();
        foreach (var same in Enumerable.Range(0, copies.Count).Except(failed).GroupBy(index => digests[index].Digest!.Value))
        {
            var nodes = same.Select(index => copies[index].Node).Distinct().ToList();
            var isUncertain = failed.Exists(index => nodes.Count == 1 && copies[index].Node != nodes[0]);
            var result = new SameContent(same.Key, [.. same.Select(index => copies[index])], nodes.Count, IsUncertain: isUncertain);
            await results.WriteAsync(result, stop);
        }

        foreach (var index in failed) await results.WriteAsync(new SameContent(null, [copies[index]], 1, digests[index].Failure), stop);
    }

    private async Task ComputeAsync(
        ArraySegment<Copy> copies, IEnumerable<int> ofNode, (ContentDigest? Digest, string? Failure)[] digests, CancellationToken stop)
    {
        foreach (var index in ofNode)
        {
            var copy = copies[index];
            var result = await tree.DigestAsync(copy.Path, copy.ToEntry(), copy.Node, client, stop);
            digests[index] = (result.Digest, result.Digest is not null ? null : result.Error?.Message ?? "it has just changed");
        }
    }
}
