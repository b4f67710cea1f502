using System.Globalization;
using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Bench;

/// <summary>Trees of any size out of nothing: directories of twenty files with names of 21 bytes, a hundred such directories in another.</summary>
internal static class BigTree
{
    private const int FilesPerDirectory = 20, DirectoriesPerDirectory = 100;

    public static readonly NodeName Node = NodeName.Parse("node");

    /// <summary>A tree in which one node holds so many files.</summary>
    public static TreeWriter Of(int files)
    {
        var tree = new TreeWriter();
        tree.Apply(Node, DirectoryPatch.Replace(Draft(files)));
        return tree;
    }

    /// <summary>What a scan of it gives. A draft is used up by being applied.</summary>
    /// <param name="files">How many files.</param>
    /// <param name="changed">When its node saw them change, in unix seconds.</param>
    public static DirectoryBuilder Draft(int files, uint changed = 1_700_000_000)
    {
        var root = new DirectoryBuilder([]);
        DirectoryBuilder? upper = null, directory = null;
        for (var number = 0; number < files; number++)
        {
            if (number % (FilesPerDirectory * DirectoriesPerDirectory) == 0) upper = Add(root, UpperName(number), changed);
            if (number % FilesPerDirectory == 0) directory = Add(upper!, DirectoryName(number), changed);
            directory!.AddFile(FileName(number), Facts(number, changed));
            if (number % FilesPerDirectory == FilesPerDirectory - 1) directory.PackEarly();
        }

        return root;
    }

    /// <summary>The path of one of its files.</summary>
    public static VirtualPath PathOf(int number) =>
        VirtualPath.Parse("/" + Text(UpperName(number)) + "/" + Text(DirectoryName(number)) + "/" + Text(FileName(number)));

    public static FileFacts Facts(int number, uint changed = 1_700_000_000) =>
        new(number * 7919L % 10_000_000, new UnixTime(1_600_000_000_000_000_000 + number * 1_000_003L), 0b110_100_100, Stamp.FromSeconds(changed));

    /// <summary>A directory of so many entries, as a front end gets them.</summary>
    public static Entry[] Entries(int count) =>
        [.. Enumerable.Range(0, count).Select(number =>
        {
            var facts = Facts(number);
            return new Entry(FileName(number), false, facts.Size, facts.Modified, facts.Permissions, Node);
        })];

    private static DirectoryBuilder Add(DirectoryBuilder parent, byte[] name, uint changed) =>
        parent.AddDirectory(name, new DirectoryFacts(UnixTime.FromSeconds(1_600_000_000), 0b111_101_101, Stamp.FromSeconds(changed)));

    private static byte[] UpperName(int number) => Bytes($"project-{number / (FilesPerDirectory * DirectoriesPerDirectory):D5}");

    private static byte[] DirectoryName(int number) => Bytes($"drafts-{number / FilesPerDirectory % DirectoriesPerDirectory:D3}");

    private static byte[] FileName(int number) => Bytes($"invoice-{number:D8}.json");

    private static byte[] Bytes(FormattableString text) => Encoding.UTF8.GetBytes(text.ToString(CultureInfo.InvariantCulture));

    private static string Text(byte[] name) => Encoding.UTF8.GetString(name);
}
