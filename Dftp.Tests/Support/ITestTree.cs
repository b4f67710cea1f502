using System.Net;
using Dftp.Cluster.Access;
using Dftp.Cluster.LocalFiles;
using Dftp.FileSystem;

namespace Dftp.Tests.Support;

/// <summary>A tree of the tests and the view of a principal that sees all of it; other principals see what the cluster's tree would show them.</summary>
internal interface ITestTree : IFileTree, ITreeView
{
    ITreeView IFileTree.For(Principal principal) => new GuardedTree(this).For(principal);

    ValueTask<DigestResult> ITreeView.DigestAsync(
        VirtualPath path, Entry file, NodeName? holder, IPAddress? client, CancellationToken cancellationToken) =>
        HashAsync(this, path, file, cancellationToken);

    /// <summary>Opens a file and hashes what it reads.</summary>
    static async ValueTask<DigestResult> HashAsync(ITreeView tree, VirtualPath path, Entry file, CancellationToken cancellationToken)
    {
        var opened = await tree.OpenAsync(path, file, RangeSpec.Whole, cancellationToken);
        if (opened.Error is { } error) return DigestResult.Failed(error);
        await using var content = opened.Content!;
        if (!opened.Facts.IsSameVersion(file)) return DigestResult.Changed(opened.Facts);
        try
        {
            return DigestResult.Of(await ContentHashing.OfAsync(content, cancellationToken));
        }
        catch (FileContentException broken)
        {
            return DigestResult.Failed(broken.Error);
        }
    }
}
