using System.Text;

namespace Dftp.Node.CommandLine;

/// <summary>The output of <c>--help</c>, at most 100 columns wide.</summary>
internal static class HelpText
{
    private const int Width = 100;
    private const string Indent = "      ";
    private const string AboutHelp = "  -h, --help\n      Show this text.\n";

    /// <summary>The help of the program.</summary>
    public static string Write(IReadOnlyList<OptionGroup> groups)
    {
        var text = new StringBuilder()
            .Append("""
                dftp serves the directories of several machines as one tree, over HTTP and FTP.

                Usage:
                  dftp --dfsroot DIR [OPTION...]              run a node
                  dftp COMMAND [ARGUMENT] [OPTION...]         talk to a running node

                Examples:
                  dftp --dfsroot /storage                     add /storage to the tree of the cluster
                  dftp --dfsroot /data --dfsmount /data       the same, but under /data
                  dftp --dfsroot /data --ftp-listen ""        without FTP
                  DFTP_DFSROOT=/data dftp                     an option as an environment variable


                """)
            .Append(Commands())
            .Append("""

                Options take one dash or two, and their value after a space or "=". Each is also an environment
                variable, named beside it, and a member of the file of --config. The command line overrides the
                environment, the environment overrides the file.


                """);
        var columns = new Columns(groups.SelectMany(group => group.Options));
        foreach (var group in groups)
        {
            text.Append($"{group.Heading}:\n\n");
            Append(text, group.Options, columns);
        }

        return text
            .Append("Help:\n\n")
            .Append(AboutHelp)
            .Append("""

                  --version
                      Show the version.

                """)
            .ToString();
    }

    /// <summary>The help of a command.</summary>
    public static string Write(CommandDefinition command)
    {
        var text = new StringBuilder();
        AppendWrapped(text, command.Help.ReplaceLineEndings(" "), indent: "");
        text.Append($"\nUsage:\n  dftp {command.Usage} [OPTION...]\n\nExamples:\n")
            .AppendJoin("", command.Examples.Split('\n').Select(line => $"  {line}\n"))
            .Append(command.Options.Count > 0 ? "\nOptions, each also as the environment variable beside it:\n\n" : "\nOptions:\n\n");
        Append(text, command.Options, new Columns(command.Options));
        return text.Append(AboutHelp).ToString();
    }

    private static string Commands()
    {
        var lines = CommandTable.All.Select(command => $"  dftp {command.Usage,-39}{command.Summary}\n");
        return $"Commands; dftp COMMAND --help explains each:\n{string.Concat(lines)}";
    }

    private static void Append(StringBuilder text, IReadOnlyList<OptionDefinition> options, Columns columns)
    {
        foreach (var option in options)
        {
            var fallback = option.DefaultMeaning.Length > 0 ? option.DefaultMeaning : option.Default;
            text.Append("  ").Append(Usage(option).PadRight(columns.Usage));
            var shown = fallback.Length > 0 ? $"default {fallback}" : "";
            text.Append($"{option.EnvironmentVariable.PadRight(columns.Variable)}{shown}".TrimEnd()).Append('\n');
            AppendWrapped(text, option.Summary, Indent);
            if (!option.IsSwitch) text.Append(Indent).Append($"Example: {option.Flag} {option.Example}\n");
            text.Append('\n');
        }
    }

    private static string Usage(OptionDefinition option) => option.IsSwitch ? option.Flag : $"{option.Flag} {option.Placeholder}";

    private static void AppendWrapped(StringBuilder text, string sentences, string indent)
    {
        var line = new StringBuilder();
        foreach (var word in sentences.Split(' '))
        {
            if (line.Length + 1 + word.Length > Width) Flush();
            line.Append(line.Length == 0 ? indent : " ").Append(word);
        }

        Flush();

        void Flush()
        {
            text.Append(line).Append('\n');
            line.Clear();
        }
    }

    /// <summary>The width of the option columns: the longest text of each plus two spaces.</summary>
    private readonly struct Columns(IEnumerable<OptionDefinition> options)
    {
        private const int Gap = 2;

        public int Usage { get; } = Gap + options.Select(option => HelpText.Usage(option).Length).DefaultIfEmpty().Max();

        public int Variable { get; } = Gap + options.Select(option => option.EnvironmentVariable.Length).DefaultIfEmpty().Max();
    }
}
